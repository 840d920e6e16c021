package vault

import (
	"fmt"
	"strings"
)

// A FaultKind names what is wrong with a vault.
type FaultKind string

// What can be wrong.
const (
	Torn      FaultKind = "torn"      // a file or an operation can't be read whole
	Cut       FaultKind = "cut"       // operations are missing, at the end or between
	Edited    FaultKind = "edited"    // bytes differ from what was signed
	Forked    FaultKind = "forked"    // two histories of one author
	Reordered FaultKind = "reordered" // operations stand in each other's place
	Lost      FaultKind = "lost"      // a key or a blob is gone without an erasure
)

// A Fault is one thing that is wrong: where, and what.
type Fault struct {
	What   FaultKind
	File   string   // of the vault's folder
	Author DeviceID // zero if the fault is of no operation
	Seq    uint64   // zero if the fault is of no operation
	Detail string   // without any content
}

// String is the fault in one line.
func (f Fault) String() string {
	if f.Seq == 0 {
		return fmt.Sprintf("%s: %s: %s", f.File, f.What, f.Detail)
	}
	return fmt.Sprintf("%s: author %s, operation %d: %s: %s", f.File, f.Author, f.Seq, f.What, f.Detail)
}

// A DamageError says all that is wrong. It is ErrDamaged.
type DamageError struct{ Faults []Fault }

// Error names the first faults and counts the others.
func (e *DamageError) Error() string {
	const shown = 4
	var b strings.Builder
	b.WriteString("vault: damaged")
	for i, f := range e.Faults {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(e.Faults)-shown)
			break
		}
		b.WriteString("; " + f.String())
	}
	return b.String()
}

// Is says that every DamageError is ErrDamaged.
func (e *DamageError) Is(target error) bool { return target == ErrDamaged }

func damaged(faults ...Fault) error { return &DamageError{Faults: faults} }

// fault of one operation, from what its parser or chain said.
func (e *envelope) fault(err error) Fault {
	f := Fault{What: Edited, File: logFile, Author: e.Author, Seq: e.Seq, Detail: err.Error()}
	if oe, ok := err.(opError); ok {
		f.Detail = string(oe)
	}
	switch err {
	case errChainCut:
		f.What, f.Detail = Cut, "the operation before it is missing"
	case errChainFork:
		f.What, f.Detail = Forked, "it does not continue the operation that stands before it"
	case errChainOrder:
		f.What, f.Detail = Reordered, "its clock is not after the operation before it"
	case errSignature:
		f.Detail = "the signature does not match"
	case errAuthor:
		f.Detail = "the author is not known here"
	case errContent:
		f.Detail = "the content does not open under the thing's key"
	}
	return f
}
