package lang

// deskEN holds the desk's words in English. Keys begin with "desk."; desk_ko.go and
// desk_zh.go hold the same keys.
var deskEN = map[string]string{
	"desk.rung.unsupported":  "unsupported",
	"desk.rung.one":          "one chain",
	"desk.rung.two":          "two chains, independence unverified",
	"desk.rung.independent":  "two independent chains",
	"desk.disputed":          "disputed",
	"desk.verdict.pass":      "passes",
	"desk.verdict.hold":      "hold",
	"desk.verdict.block":     "block",
	"desk.risk.finer.place":  "the place of the source is finer than allowed: L{0}, the ceiling is L{1}",
	"desk.risk.finer.role":   "the role of the source is finer than allowed: R{0}, the ceiling is R{1}",
	"desk.risk.finer.day":    "the day of contact is finer than allowed: D{0}, the ceiling is D{1}",
	"desk.risk.finer.medium": "the way of contact is finer than allowed: M{0}, the ceiling is M{1}",
	"desk.risk.finer.gender": "the gender of the source is said, the ceiling leaves it out",
	"desk.risk.finer.count":  "the number of sources is said, the ceiling leaves it out",
}
