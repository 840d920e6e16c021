package seal

import (
	"strings"
	"testing"

	"kkachi/internal/cell"
)

// The text of a move is 32 lower-case hexadecimal digits, and nothing else is taken.
func TestMoveText(t *testing.T) {
	var next cell.ThreadID
	for i := range next {
		next[i] = byte(0xa0 + i)
	}
	const want = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
	text := MoveText(next)
	if string(text) != want {
		t.Fatalf("%s", text)
	}
	if got, ok := ParseMove(text); !ok || got != next {
		t.Errorf("%v %v", got, ok)
	}
	for _, bad := range []string{
		"", want[:31], want + "\n", strings.ToUpper(want), " " + want[1:], want[:31] + "g", strings.Repeat("0", 32),
	} {
		if _, ok := ParseMove([]byte(bad)); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}
