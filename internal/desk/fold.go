package desk

import (
	"strings"

	"kkachi/internal/seal"
)

// foldHan writes traditional Chinese characters as simplified ones, as far as the lists of words know
// them. Each stays one character, so that places in a text stay where they are.
func foldHan(s string) string { return strings.Map(seal.Simplified, s) }
