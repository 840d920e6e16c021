package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"kkachi/internal/lang"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/source"
)

type sourceCmd struct {
	New   sourceNewCmd   `cmd:"" help:"Draw eight words, which open a conversation."`
	Write sourceWriteCmd `cmd:"" help:"Send a letter."`
	Read  sourceReadCmd  `cmd:"" help:"Read the replies."`
}

// sourceFlags are what the three have in common.
type sourceFlags struct {
	Address string   `arg:"" optional:"" help:"The newsroom: kkachi:ID@URL, learnt by hand. Asked for if it is not given."`
	Lang    lang.Tag `help:"Language of texts and words: en, ko or zh." default:"en"`
}

type netFlags struct {
	Proxy string `help:"Reach the host through a SOCKS5 proxy, such as Tor's: socks5://127.0.0.1:9050." placeholder:"URL"`
}

// sourceHelp is said by each of the three verbs.
const sourceHelp = `

Keeps nothing: no file is read or written, no history, no settings. The words are asked for, without an echo, and never taken from arguments or the environment. Core dumps are off; memory is kept out of swap where the machine allows it.

What this does not hide: Go's TLS differs from a browser's, so who watches the line sees that this is no browser. It is hidden only over Tor (--proxy). The command itself may stand in the shell's history, and the program on the disk: a searched computer that holds it is itself a danger.`

// begin makes the process keep nothing, and reads the address.
func (f *sourceFlags) begin(w *world) (seal.Address, error) {
	toFile := isFile(w.stdout) || isFile(w.stderr)
	w.protect(!toFile)
	if !f.Lang.Valid() {
		return seal.Address{}, badf("--lang: %q is not one of en, ko, zh", string(f.Lang))
	}
	if toFile { // the shell opened it: that is the person's will, and worth a word
		fmt.Fprintln(w.stderr, f.t("source.tofile"))
	}
	if f.Address == "" {
		fmt.Fprintln(w.stderr, f.t("source.ask.address"))
		line, err := w.line()
		if err != nil {
			return seal.Address{}, err
		}
		f.Address = strings.TrimSpace(string(line))
	}
	a, err := seal.ParseAddress(f.Address)
	if err != nil {
		return a, bad(fmt.Errorf("ADDRESS: %w", err), "take it from the newsroom's printed page: kkachi:, 64 digits, @ and its URL")
	}
	return a, nil
}

// isFile says whether what is written to s stays on a disk.
func isFile(s io.Writer) bool {
	f, ok := s.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

func (f *sourceFlags) t(key string, args ...any) string { return lang.T(f.Lang, key, args...) }

func (f *sourceFlags) n(key string, n int, args ...any) string {
	return lang.N(f.Lang, key, n, args...)
}

// wordTries is how often words may be entered anew.
const wordTries = 3

// askWords asks for eight words until they are words. Any eight are taken (P6).
func (f *sourceFlags) askWords(w *world, label string) (seal.Words, error) {
	for try := 1; ; try++ {
		line, err := w.secret(label)
		if err != nil {
			return seal.Words{}, err
		}
		words, err := parseWords(seal.Lang(f.Lang), string(line))
		clear(line)
		if err == nil {
			return words, nil
		}
		problem := f.t("source.bad.count", seal.WordCount)
		var at *seal.WordError
		if errors.As(err, &at) {
			problem = f.t("source.bad.word", at.Position)
		}
		if try == wordTries {
			return words, bad(errors.New(problem), "")
		}
		fmt.Fprintln(w.stderr, problem)
	}
}

// parseWords reads words of the chosen language, or else of any: they share their indices.
func parseWords(first seal.Lang, s string) (seal.Words, error) {
	words, err := seal.ParseWords(first, s)
	if err == nil {
		return words, nil
	}
	for _, l := range []seal.Lang{seal.English, seal.Korean, seal.Chinese} {
		if other, e := seal.ParseWords(l, s); e == nil {
			return other, nil
		}
	}
	return words, err
}

// A sitting is a client whose first view is under way.
type sitting struct {
	*source.Client
	first chan error
}

// sit fetches, checks, and starts the first view, as any page that is opened does; what is
// asked of the person meanwhile changes nothing in it.
func (f *sourceFlags) sit(w *world, n netFlags, address seal.Address) (*sitting, error) {
	host, err := relay.New(address.URL, relay.Options{Proxy: n.Proxy})
	if err != nil {
		return nil, bad(err, "")
	}
	context.AfterFunc(w.ctx, host.Close)
	client, err := source.Open(w.ctx, source.Config{
		Newsroom: address.ID, Host: host, Now: w.now, Rand: w.rand, Sleep: w.sleep,
	})
	if err != nil {
		return nil, f.explain(err)
	}
	s := &sitting{client, make(chan error, 1)}
	go func() {
		_, err := s.View(w.ctx)
		s.first <- err
	}()
	return s, nil
}

// explain says in the source's language what stopped everything.
func (f *sourceFlags) explain(err error) error {
	switch {
	case errors.Is(err, source.ErrUntrusted):
		return withHint(fmt.Errorf("%s (%w)", f.t("source.untrusted"), cause(err)), f.t("source.untrusted.next"))
	case errors.Is(err, relay.ErrNotFound):
		return withHint(err, f.t("source.notready"))
	case errors.Is(err, relay.ErrUnavailable):
		return withHint(err, f.t("source.unreachable"))
	}
	return err
}

// cause is the last of the errors that err wraps: what a room says, without the words around it.
func cause(err error) error {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		if all := many.Unwrap(); len(all) > 0 {
			return all[len(all)-1]
		}
	}
	return err
}

// converse asks for the words and opens what they open.
func (f *sourceFlags) converse(w *world, id seal.NewsroomID) (*seal.Conversation, error) {
	words, err := f.askWords(w, f.t("source.ask.words"))
	if err != nil {
		return nil, err
	}
	defer words.Wipe()
	conv := words.Open(id)
	w.say("%s", f.t("source.echo", conv.Echo(seal.Lang(f.Lang))))
	return conv, nil
}
