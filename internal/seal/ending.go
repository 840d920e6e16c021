package seal

import "kkachi/internal/cell"

// Days before a note's end at which a person is warned, ever more plainly (spec/02-notes.md).
const (
	WarnFirst  = 14
	WarnSecond = 7
	WarnThird  = 3
	WarnLast   = 1
)

// RenewBefore is how many days before its end a desk makes its own note anew.
const RenewBefore = 8

// An Ending says how near a note's end is. root status, the desk's page, watch and doctor
// all ask here, so that they never warn differently.
type Ending uint8

// The endings, from far to over. A note is over on the day that it names as its end.
const (
	EndsLater Ending = iota // nothing to do yet
	EndsSoon                // WarnFirst days are left, or fewer
	EndsThisWeek
	EndsNow
	EndsToday // one day is left
	Ended
)

// EndingOf says how near the end of a note is that people sign: a root or a devices note.
func EndingOf(expires, today cell.Day) Ending {
	if expires <= today {
		return Ended
	}
	switch left := expires - today; {
	case left <= WarnLast:
		return EndsToday
	case left <= WarnThird:
		return EndsNow
	case left <= WarnSecond:
		return EndsThisWeek
	case left <= WarnFirst:
		return EndsSoon
	}
	return EndsLater
}

// EndingOfDesk is EndingOf for a desk note. A desk makes it anew RenewBefore days before its
// end, so that nobody is warned before that should have happened.
func EndingOfDesk(expires, today cell.Day) Ending {
	if e := EndingOf(expires, today); e >= EndsThisWeek {
		return e
	}
	return EndsLater
}
