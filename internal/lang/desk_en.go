package lang

// deskEN holds the desk's words in English. Keys begin with "desk."; desk_ko.go and
// desk_zh.go hold the same keys.
var deskEN = map[string]string{
	"desk.rung.unsupported": "unsupported",
	"desk.rung.one":         "one chain",
	"desk.rung.two":         "two chains, independence unverified",
	"desk.rung.independent": "two independent chains",
	"desk.disputed":         "disputed",
	"desk.verdict.pass":     "passes",
	"desk.verdict.hold":     "hold",
	"desk.verdict.block":    "block",
}
