package lang

// sourceKO holds the words of the source's command line in Korean. Keys begin with
// "source."; source_en.go and source_zh.go hold the same keys.
var sourceKO = map[string]string{
	"source.ask.address":   "편집국의 주소를 넣으십시오(`kkachi:ID@URL`):",
	"source.ask.words":     "여덟 낱말을 넣으십시오(화면에 보이지 않습니다):",
	"source.ask.again":     "여덟 낱말을 한 번 더 넣으십시오(화면에 보이지 않습니다):",
	"source.ask.text":      "글을 쓰십시오. 마침표 하나만 있는 줄에서 끝납니다.",
	"source.bad.count":     "낱말이 꼭 {0}개여야 합니다. 사이를 띄우십시오.",
	"source.bad.word":      "{0}번째 낱말이 목록에 없습니다.",
	"source.new":           "이 여덟 낱말만이 이 대화로 들어가는 길입니다. 적지 말고 외우십시오. 이 낱말을 아는 사람은 모든 답장을 읽을 수 있습니다. 지금 한 번만 보입니다.",
	"source.echo":          "확인 낱말: {0}. 낱말을 넣을 때마다 보입니다. 알던 것과 다르면 틀린 낱말이 있는 것입니다.",
	"source.same":          "낱말이 맞습니다.",
	"source.differ":        "보인 낱말과 다릅니다. 잃은 것은 없습니다. 다시 넣으십시오.",
	"source.bulletin":      "답장은 회보에 실려 돌아옵니다. 이것은 {0} 회보입니다.",
	"source.none":          "답장이 없습니다. 글은 떠난 다음 날 읽히고, 답장은 그 이틀 뒤부터 여기서 찾을 수 있습니다.",
	"source.reply":         "답장, {0} 회보:",
	"source.reply.part":    "(이 답장의 나머지는 아직 회보에 없습니다.)",
	"source.receipt.one":   "표시 {1} 글의 조각 {0}개를 편집국이 받았습니다.",
	"source.receipt.other": "표시 {1} 글의 조각 {0}개를 편집국이 받았습니다.",
	"source.wait":          "여느 쪽을 열 때처럼 두 칸이 떠나고 있습니다. 13초까지 닫지 마십시오.",
	"source.mark":          "이 글의 표시: {0}. 받았다는 알림에 이 표시가 나옵니다.",
	"source.pieces.one":    "글은 조각 {0}개이고, {1}번에 걸쳐 {2}분쯤이면 떠납니다. 다 떠날 때까지 닫지 마십시오.",
	"source.pieces.other":  "글은 조각 {0}개이고, {1}번에 걸쳐 {2}분쯤이면 떠납니다. 다 떠날 때까지 닫지 마십시오.",
	"source.left":          "{1}개 가운데 {0}개가 떠났습니다.",
	"source.done":          "글이 모두 떠났습니다. 빠르면 내일 읽히고, 답장은 그 이틀 뒤부터 찾을 수 있습니다.",
	"source.broken":        "{1}조각 가운데 {0}조각이 떠났습니다. 같은 낱말로 같은 글을 다시 보내십시오. 이미 도착한 것은 두 번 세지 않습니다.",
	"source.empty":         "글이 비어 있습니다. 가림 칸 말고는 보내지 않았습니다.",
	"source.toolong":       "여러 글로 나누어 보내십시오. 글 하나는 256 KB, 64조각까지입니다.",
	"source.untrusted":     "이 컴퓨터의 시계나 사이트가 잘못되었습니다. 아무것도 보내지 않았습니다.",
	"source.notready":      "편집국 사이트가 아직 준비되지 않았습니다. 내일 다시 해 보십시오.",
	"source.unreachable":   "사이트에 닿지 않습니다. 주소와 연결을 확인하십시오. Tor를 쓰면 켜져 있는지, 프록시 주소를 넣었는지 확인하십시오.",
}
