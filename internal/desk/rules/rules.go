// Package rules reads the house rules: what a newsroom wants to have asked before a story is
// printed.
//
// What enters: the bytes of the file that the newsroom edits, DIR/desk/rules.toml. What leaves:
// the rules, or the first mistake in them with its line and what to do about it. What may never
// be known here: a story. The rules are data; the desk judges by them.
package rules

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"

	"kkachi/internal/lang"
)

// Format is the format of the file that this program writes and knows.
const Format = 1

// Limits of a file.
const (
	MaxRules = 40
	MaxID    = 20      // characters of a rule's id
	MaxWords = 300     // characters of a rule in one language
	MaxSize  = 1 << 16 // bytes of the whole
)

// A Kind says how a rule is judged.
type Kind string

// Kinds of rules. Each file has exactly one of each kind that is not Asked: a newsroom may word
// them, and may not do without them.
const (
	Asked    Kind = "asked"    // somebody answers it with a reason
	Plural   Kind = "plural"   // never several sources for one: made from the chains
	Reason   Kind = "reason"   // the reason why no name is given is printed
	Exposure Kind = "exposure" // what the story gives away of its source
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Asked, Plural, Reason, Exposure} }

// A When says to what a rule applies. The last three apply to sentences.
type When string

// Where rules apply.
const (
	Always        When = "always"  // as soon as there is a sentence
	Unnamed       When = "unnamed" // a sentence rests on a source: none is ever named
	Photo         When = "photo"
	OneChain      When = "one chain"       // a sentence that stands on one chain
	Grave         When = "grave"           // a sentence that makes a grave charge
	GraveOneChain When = "grave one chain" // such a sentence without two independent chains
)

// Whens lists them all.
func Whens() []When { return []When{Always, Unnamed, Photo, OneChain, Grave, GraveOneChain} }

// A Weight says what it takes to print although the rule is not met of itself.
type Weight string

// Weights of rules.
const (
	Hold  Weight = "hold"  // one person's reason
	Block Weight = "block" // two approvers and a reason
)

// A Rule is one house rule, in the languages of the house.
type Rule struct {
	ID     string `toml:"id"`
	Kind   Kind   `toml:"kind"`
	When   When   `toml:"when"`
	Weight Weight `toml:"weight"`
	lang.Words
}

// Sum names what was asked: an answer to other words is none to these.
func (r *Rule) Sum() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%s\x00%s\x00%s", r.ID, r.Kind, r.When, r.Weight, r.KO, r.EN, r.ZH))
	return hex.EncodeToString(sum[:16])
}

//go:embed default.toml
var standard []byte

// Default is the file that a new newsroom begins with.
func Default() []byte { return append([]byte(nil), standard...) }
