package desk

import "kkachi/internal/cell"

// A CallNote is what a journalist writes down of a telling that came in by voice.
type CallNote struct {
	Source ID         `json:"-"` // the teller; zero: somebody new
	Kind   ReportKind `json:"kind"`
	Day    cell.Day   `json:"day"` // of the call, kept at the desk; 0: today
	Lang   Lang       `json:"lang"`
	Text   string     `json:"text"` // what the teller said, in the original
	Taker  string     `json:"taker"`
}
