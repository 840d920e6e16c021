package desk

import "kkachi/internal/desk/ladder"

// A Claim is one atomic statement. Only Statement must be given.
type Claim struct {
	Statement string `json:"statement"`
	Subject   string `json:"subject,omitempty"`
	Act       string `json:"act,omitempty"`
	Object    string `json:"object,omitempty"`
	Time      string `json:"time,omitempty"` // a range in the manner of EDTF
	Place     string `json:"place,omitempty"`
	Quantity  string `json:"quantity,omitempty"` // a range
	Negative  bool   `json:"negative,omitempty"` // the claim says that something is not so
}

// An EvidenceInput is what a journalist enters for a report and a claim.
type EvidenceInput struct {
	Claim, Report ID
	Words         string // of the report; "" if none were marked
	Stance        ladder.Stance
	Path          ladder.Path
	// Relays is "-" or "" for none, or a list with commas: "?" is an unknown link, a
	// handle is a source of this desk, "story:" and an ID one of the house's stories that
	// the teller has read; anything else is somebody known to the desk only as a
	// token, and is blinded before it is kept.
	Relays   string
	Grade    int  // 1 to 6
	Original bool // physical evidence is held
}
