package lang

// deskKO holds the desk's words in Korean. Keys begin with "desk."; desk_en.go and
// desk_zh.go hold the same keys.
var deskKO = map[string]string{
	"desk.rung.unsupported":  "근거 없음",
	"desk.rung.one":          "한 갈래",
	"desk.rung.two":          "두 갈래, 독립성 미확인",
	"desk.rung.independent":  "독립된 두 갈래",
	"desk.disputed":          "반론 있음",
	"desk.verdict.pass":      "통과",
	"desk.verdict.hold":      "보류",
	"desk.verdict.block":     "차단",
	"desk.risk.finer.place":  "취재원의 위치가 허용보다 자세합니다. {0}단계이며 허용은 {1}단계까지입니다",
	"desk.risk.finer.role":   "취재원의 직무가 허용보다 자세합니다. {0}단계이며 허용은 {1}단계까지입니다",
	"desk.risk.finer.day":    "접촉한 날이 허용보다 자세합니다. {0}단계이며 허용은 {1}단계까지입니다",
	"desk.risk.finer.medium": "접촉 방법이 허용보다 자세합니다. {0}단계이며 허용은 {1}단계까지입니다",
	"desk.risk.finer.gender": "취재원의 성별이 드러납니다. 밝히지 않아야 합니다",
	"desk.risk.finer.count":  "취재원의 수가 드러납니다. 밝히지 않아야 합니다",
}
