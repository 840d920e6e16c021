package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"kkachi/internal/doctor"
)

// A world is everything outside that a verb can touch: streams, clock, randomness, signals.
// main passes the real one; tests pass one with a clock that they drive.
type world struct {
	ctx    context.Context // ends at an interrupt or a request to terminate
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	now    func() time.Time
	rand   io.Reader
	sleep  func(context.Context, time.Duration) error // pauses of the source, and between tries
	poll   time.Duration                              // how often a server looks at the clock
	tty    func() *os.File                            // the terminal for secrets, nil if there is none
	work   int                                        // cost of a new passphrase as a power of two; 0: age's own
	looks  func(time.Time) *doctor.Machine            // what doctor sees of this machine
	guard  func(writeNothing bool)                    // see harden; nil where verbs run within a process of others

	input *bufio.Reader // stdin, for lines; made at first use
}

// commands is the whole command line. Each verb stands in a file of its own.
type commands struct {
	Init    initCmd    `cmd:"" help:"Lay out a new newsroom in an empty folder."`
	Root    rootCmd    `cmd:"" help:"The newsroom's root key: sign the next notes, see when they end."`
	Renew   renewCmd   `cmd:"" help:"Change a key where it lies: in routine, after a loss, after a seizure."`
	Drop    dropCmd    `cmd:"" help:"Run the public host: takes cells, hands out the site."`
	Sift    siftCmd    `cmd:"" help:"Run the sift: opens the outer seal, throws cover away, mixes."`
	Desk    deskCmd    `cmd:"" help:"Run the desk: opens the vault and serves its pages on this computer."`
	Doctor  doctorCmd  `cmd:"" help:"Look at a role's folder and its machine, and say what to do."`
	Source  sourceCmd  `cmd:"" help:"Write to a newsroom, and read its replies, keeping nothing."`
	Vault   vaultCmd   `cmd:"" help:"Check, rebuild, back up and restore the desk's vault."`
	Custody custodyCmd `cmd:"" help:"Read every original, and name those that are not as they came."`
	Press   pressCmd   `cmd:"" help:"Print what was released, and push it to the host."`
	Page    pageCmd    `cmd:"" help:"The script of every reader's page: its digest; and whether a site is as it was signed."`
	Watch   watchCmd   `cmd:"" help:"Visit a newsroom's host as a reader would, and check what it shows."`
	Case    caseCmd    `cmd:"" help:"For a partner of a newsroom: open the case of somebody who asks for help."`
	Ladder  ladderCmd  `cmd:"" help:"Derive from a table of evidence how well each claim stands."`
	Risk    riskCmd    `cmd:"" help:"What a draft gives away, by numbers, before it is printed."`
	Demo    demoCmd    `cmd:"" help:"Turn the whole ring once, on this computer alone."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

const about = `Kkachi takes what people who live under surveillance tell a newsroom, keeps who told it secret, and turns it into corroborated, published reports.

Exit codes: 0 done, 1 failed, 2 bad input or usage, 3 held, 4 blocked.
"kkachi VERB --help" says what a verb reads, writes and needs.`

// exit carries kong's wish to end (after printing help) out of its parser.
type exit int

// run parses args, runs the verb and gives the exit code.
func run(args []string, w *world) (code int) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(exit)
			if !ok {
				panic(r)
			}
			code = int(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c,
		kong.Name("kkachi"), kong.Description(about),
		kong.Writers(w.stdout, w.stderr),
		kong.Exit(func(n int) { panic(exit(n)) }),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Bind(w),
	)
	if err != nil {
		panic(err) // the command line itself is wrong: no user can cause it
	}
	if len(args) > 0 && args[0] == "help" { // what many type first
		args = append(slices.Clone(args[1:]), "--help")
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		var pe *kong.ParseError
		hint := "see kkachi --help"
		if errors.As(err, &pe) && pe.Context != nil && pe.Context.Selected() != nil {
			hint = "see " + pe.Context.Selected().FullPath() + " --help"
		}
		return report(w.stderr, bad(err, hint))
	}
	return report(w.stderr, kctx.Run(w))
}

// protect keeps what a role knows out of dumps and swap, and with writeNothing out of files.
func (w *world) protect(writeNothing bool) {
	if w.guard != nil {
		w.guard(writeNothing)
	}
}

// say prints one line for people.
func (w *world) say(format string, args ...any) { fmt.Fprintf(w.stdout, format+"\n", args...) }
