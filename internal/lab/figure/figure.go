// Package figure puts drawings and tables into the pages of doc/, for the tests that make them.
//
// What enters: a chart or a table, and the path of a page. What leaves: a file of doc/figures, a line at the end of a file, or the page with
// the table in its place. What may never be known here: where a number comes from. Nothing of the program imports it.
package figure

import (
	"fmt"
	"os"
	"strings"

	"kkachi/internal/chart"
)

// Write draws a chart into a file, replacing what stands there.
func Write(path string, c chart.Chart) error {
	svg, err := chart.SVG(c)
	if err != nil {
		return fmt.Errorf("figure %s: %w", path, err)
	}
	return os.WriteFile(path, svg, 0o644)
}

// Fill puts a table into a page, in the place of what stands between the comments "<!-- name -->" and
// "<!-- end -->". It fails where the page has no such place.
func Fill(path, name, table string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no place for a table: it begins with %q and ends with %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+strings.TrimSpace(table)+"\n\n"+end+after), 0o644)
}
