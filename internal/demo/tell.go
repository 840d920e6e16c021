package demo

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// tell says in a dozen lines what happened and where to look.
func (r *ring) tell(link string) {
	say := func(format string, args ...any) { fmt.Fprintf(r.o.Out, format+"\n", args...) }
	say("The ring has turned once, over %d days up to %s:", lastDay+1, lang.Date(lang.English, uint32(r.first)+lastDay))
	say("  sent      %d cells of 4096 bytes; %d were cover, and the host could not tell which", r.cells, r.cover)
	say("  arrived   %d tellings: %d letters and %d request for help through sift, %d call note at the desk",
		len(r.reports), r.checked.kinds[desk.KindLetter], r.checked.kinds[desk.KindHelp], r.checked.kinds[desk.KindCall])
	say("  answered  the reply was in the bulletin of %s; a later letter told on %s that it was read", r.first+readDay, r.readBack)
	say("  derived   %d of %d claims stand as the case expects, from who told whom", r.checked.rungs, r.checked.claims)
	say("  rebuilt   the desk's tables were deleted and came out of the signed log the same, %d bytes", r.dumped)
	say("  released  approved by two keys; %d findings in the photograph's file, none in what is printed", r.checked.metadata)
	say("  printed   %d editions, each linked to the others", r.checked.pages)
	say("  verified  %d files of the site, as a reader gets them, are as they were signed; %d contacts, all examples, on each page", r.checked.verified, r.checked.contacts)
	say("  searched  %d texts of letters, handles and threads: in none of %d files of host, sift and site", r.checked.canaries, r.checked.files)
	r.tellWhere(say, link)
}

// tellWhere says where to look: at the servers while they stay, and at the folder if it does.
func (r *ring) tellWhere(say func(string, ...any), link string) {
	if !r.o.Once {
		say("Look:")
		say("  site      %s/ko/", r.address.URL)
		say("  desk      %s", link)
		say("  write     in the page: choose the last line of any article, then open two more articles, then press Return")
	}
	switch {
	case r.o.Dir != "":
		say("  host      %s  (cells that nobody here can read, notes, bulletins, the site)", filepath.Join(r.dir, "host"))
		say("  printed   %s", filepath.Join(r.dir, "site", "ko", "index.html"))
	case r.o.Once:
		say("To look at the site and the desk, run it without --once; to keep the folders, name one with --dir.")
	}
}

// serve keeps everything up. Each line of input turns a day: sift and desk do what their hours
// ask for, and readers read.
func (r *ring) serve(ctx context.Context) error {
	fmt.Fprintln(r.o.Out, "Return turns the day. Ctrl-C ends.")
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		in := bufio.NewScanner(r.o.In)
		for in.Scan() {
			select {
			case lines <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	for d := lastDay + 1; ; {
		select {
		case <-ctx.Done():
			return nil
		case _, more := <-lines:
			if !more { // no terminal: stay until the context ends
				lines = nil
				continue
			}
			if err := r.quietDay(ctx, d); err != nil {
				return fmt.Errorf("demo: day %d: %w", d, err)
			}
			fmt.Fprintf(r.o.Out, "It is %s.\n", r.first+cell.Day(d))
			d++
		}
	}
}

// quietDay is a day on which nobody of the case writes.
func (r *ring) quietDay(ctx context.Context, d int) error {
	day := r.first + cell.Day(d)
	if err := r.morning(ctx, day); err != nil {
		return err
	}
	r.clock.set(day, 12)
	if err := r.readers(ctx); err != nil {
		return fmt.Errorf("a reader: %w", err)
	}
	r.clock.set(day, 22)
	return r.sync(ctx)
}
