package lang

// deskZH holds the desk's words in Chinese. Keys begin with "desk."; desk_en.go and
// desk_ko.go hold the same keys.
var deskZH = map[string]string{
	"desk.rung.unsupported":  "无依据",
	"desk.rung.one":          "一条来源链",
	"desk.rung.two":          "两条来源链，独立性未核实",
	"desk.rung.independent":  "两条独立来源链",
	"desk.disputed":          "有争议",
	"desk.verdict.pass":      "通过",
	"desk.verdict.hold":      "搁置",
	"desk.verdict.block":     "阻止",
	"desk.risk.finer.place":  "消息来源的地点过细：第{0}级，上限为第{1}级",
	"desk.risk.finer.role":   "消息来源的身份过细：第{0}级，上限为第{1}级",
	"desk.risk.finer.day":    "联络日期过细：第{0}级，上限为第{1}级",
	"desk.risk.finer.medium": "联络方式过细：第{0}级，上限为第{1}级",
	"desk.risk.finer.gender": "透露了消息来源的性别，应当略去",
	"desk.risk.finer.count":  "透露了消息来源的人数，应当略去",
}
