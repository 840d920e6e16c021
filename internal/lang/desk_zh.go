package lang

// deskZH holds the desk's words in Chinese. Keys begin with "desk."; desk_en.go and
// desk_ko.go hold the same keys.
var deskZH = map[string]string{
	"desk.rung.unsupported": "无依据",
	"desk.rung.one":         "一条来源链",
	"desk.rung.two":         "两条来源链，独立性未核实",
	"desk.rung.independent": "两条独立来源链",
	"desk.disputed":         "有争议",
	"desk.verdict.pass":     "通过",
	"desk.verdict.hold":     "搁置",
	"desk.verdict.block":    "阻止",
}
