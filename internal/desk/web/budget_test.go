package web

import (
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// What was printed of a source is drawn, with the numbers in a table, in each language; a name is
// never markup; nothing printed draws nothing.
func TestBudgetsAreDrawn(t *testing.T) {
	const evil = `<script>alert(1)</script>`
	ledger := &desk.Ledger{Stories: 150}
	for n := range 150 {
		ledger.Printed = append(ledger.Printed, desk.PrintedOf{Day: cell.Day(19000 + 3*n), Quoted: n, Bits: 1.5})
	}
	x := &desk.Exposure{Sources: []desk.SourceExposure{{Handle: evil, Ledger: ledger}, {Handle: "other", Ledger: &desk.Ledger{}}}}
	for _, l := range lang.All() {
		v := &visit{tongue: tongue(l)}
		got := v.budgets(x, 20000)
		drawn := string(got[0].Chart)
		if !strings.Contains(drawn, "<svg") || !strings.Contains(drawn, "<table") || strings.Contains(drawn, "<script") || strings.Contains(drawn, "style=") {
			t.Errorf("%s: %.300s", l, drawn)
		}
		if len(got[0].Printed) != shownPrints || got[0].Printed[0].Quoted != "149" || !strings.Contains(got[0].Older, "130") {
			t.Errorf("%s: %d rows, %q", l, len(got[0].Printed), got[0].Older)
		}
		if got[1].Chart != "" || len(got[1].Printed) != 0 {
			t.Errorf("%s: nothing was printed, and something is drawn", l)
		}
	}
}
