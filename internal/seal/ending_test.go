package seal

import (
	"testing"

	"kkachi/internal/cell"
)

// Warnings come 14, 7, 3 and 1 days before a note's end, each plainer than the one before,
// and a note is over on the day that it names.
func TestEndings(t *testing.T) {
	const end = cell.Day(20_700)
	for left, want := range map[int][2]Ending{
		35: {EndsLater, EndsLater}, 15: {EndsLater, EndsLater},
		14: {EndsSoon, EndsLater}, 8: {EndsSoon, EndsLater},
		7: {EndsThisWeek, EndsThisWeek}, 4: {EndsThisWeek, EndsThisWeek},
		3: {EndsNow, EndsNow}, 2: {EndsNow, EndsNow},
		1: {EndsToday, EndsToday},
		0: {Ended, Ended}, -1: {Ended, Ended}, -400: {Ended, Ended},
	} {
		today := end - cell.Day(left)
		if got := [2]Ending{EndingOf(end, today), EndingOfDesk(end, today)}; got != want {
			t.Errorf("%d days left: %v, want %v", left, got, want)
		}
	}
}
