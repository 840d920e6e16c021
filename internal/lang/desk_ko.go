package lang

// deskKO holds the desk's words in Korean. Keys begin with "desk."; desk_en.go and
// desk_zh.go hold the same keys.
var deskKO = map[string]string{
	"desk.rung.unsupported": "근거 없음",
	"desk.rung.one":         "한 갈래",
	"desk.rung.two":         "두 갈래, 독립성 미확인",
	"desk.rung.independent": "독립된 두 갈래",
	"desk.disputed":         "반론 있음",
	"desk.verdict.pass":     "통과",
	"desk.verdict.hold":     "보류",
	"desk.verdict.block":    "차단",
}
