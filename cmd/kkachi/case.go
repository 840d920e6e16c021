package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"filippo.io/age"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// caseCmd is what a partner needs: a key of its own, and the case that was sealed to it.
type caseCmd struct {
	Key  caseKeyCmd  `cmd:"" help:"Make the key of a partner who takes over cases."`
	Open caseOpenCmd `cmd:"" help:"Open a case that a newsroom sealed to this key."`
}

type caseKeyCmd struct {
	Output string `short:"o" required:"" help:"Write the key there; the file must not exist." placeholder:"FILE"`
}

// Help is shown by --help.
func (*caseKeyCmd) Help() string {
	return `Writes FILE, readable by its owner alone, and prints the recipient that the newsroom puts into its newsroom.toml. Reads nothing, needs no newsroom and no network. Keep FILE on a machine and a disk that you trust: it opens every case that is sealed to you.

Example:

    kkachi case key -o partner.key`
}

// Run makes the key.
func (c *caseKeyCmd) Run(w *world) error {
	id, err := age.GenerateHybridIdentity() // draws its own randomness
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return bad(fmt.Errorf("%s exists", c.Output), "name a file that does not exist: a key is never overwritten")
	}
	if err != nil {
		return bad(err, "")
	}
	_, err = fmt.Fprintf(f, "# the key of a partner: opens cases\n# recipient: %s\n%s\n", id.Recipient(), id)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	w.say("%s", id.Recipient())
	return nil
}

type caseOpenCmd struct {
	File string `arg:"" help:"The sealed case; - is standard input."`
	Key  string `short:"i" required:"" help:"The partner's key, as kkachi case key wrote it." placeholder:"FILE"`
	JSON bool   `help:"Print the case as JSON." name:"json"`
}

// Help is shown by --help.
func (*caseOpenCmd) Help() string {
	return `Reads FILE and the key, writes nothing but to standard output, needs no newsroom and no network. What it prints is a person's danger: print it where nobody looks over your shoulder, and keep no copy in clear.

A file that this key does not open, or that was changed, ends with exit code 2.

Example:

    kkachi case open case-1f0a77c2.age -i partner.key`
}

// maxKeyFile bounds a key file, in bytes.
const maxKeyFile = 64 << 10

// Run opens and prints the case.
func (c *caseOpenCmd) Run(w *world) error {
	w.protect(true)
	key, err := os.ReadFile(c.Key)
	if err != nil {
		return bad(err, "name the file that kkachi case key wrote")
	}
	if len(key) > maxKeyFile {
		return badf("%s is no key", c.Key)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(key))
	clear(key)
	if err != nil {
		return bad(fmt.Errorf("%s is no key", c.Key), "name the file that kkachi case key wrote")
	}
	in, name, err := w.open(c.File, "a sealed case")
	if err != nil {
		return err
	}
	defer in.Close()
	h, err := desk.OpenHandover(in, ids...)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", name, err), "check that the newsroom sealed it to this key, and that the file came whole")
	}
	if c.JSON {
		return w.json(h)
	}
	printCase(w.stdout, h)
	return nil
}

// printCase writes a case for reading. What a stranger wrote is shown line by line behind a
// bar, so that it can pass for nothing else.
func printCase(out io.Writer, h *desk.Handover) {
	fmt.Fprintf(out, "Case %s, from %s to %s on %s\n", h.Reference, plainLine(h.Newsroom), plainLine(h.Partner), plainLine(h.Day))
	fmt.Fprintf(out, "help was asked for on %s", plainLine(h.Asked))
	if h.Deadline != "" {
		fmt.Fprintf(out, "; needed until %s", plainLine(h.Deadline))
	}
	fmt.Fprintln(out)
	section := func(title, text string) {
		if strings.TrimSpace(text) == "" {
			return
		}
		fmt.Fprintf(out, "\n%s\n", title)
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintf(out, "  | %s\n", plainLine(line))
		}
	}
	section("needs", h.Need)
	section("danger", h.Danger)
	section("from the newsroom", h.Message)
	for _, s := range h.Steps {
		section("done on "+plainLine(s.Day), s.Text)
	}
	for _, words := range h.Words {
		section("in the person's words, "+plainLine(words.Day), words.Text)
		for _, l := range lang.All() {
			section("translated: "+l.Name(), words.Translations[string(l)])
		}
	}
}

// plainLine shows what would act on a terminal as what it is.
func plainLine(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != '\t' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)) {
			fmt.Fprintf(&b, "<U+%04X>", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
