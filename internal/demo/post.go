package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/relay"
	"kkachi/internal/risk"
	"kkachi/internal/seal"
)

// Of the practice newsroom.
const (
	practiceDays  = 8  // that passed before the lesson
	practiceSlots = 32 // of its bulletin, which nobody prints
	practiceDay   = 4  // the weekday, on the axis of days: finer than the ceiling
)

var (
	practiceWhen = lang.Words{KO: "월요일에", EN: "on Monday", ZH: "星期一"}
	ceiling      = risk.DefaultCeiling()
)

// A post stands for host and sift while a practice desk is laid out: it lives in memory, and takes
// letters to the desk as cells that were sealed, opened and signed like any. It goes with the laying
// out; the desk that somebody learns at has no host.
type post struct {
	newsroom seal.NewsroomID
	w0       uint32
	sift     *seal.SigningKey
	day      seal.HPKESeed // the one day key
	desk     desk.Public
	records  []cell.Record
	objects  map[string][]byte
}

// newPost makes a newsroom of which only cfg knows: its keys, its desk, its two approvers, and the notes
// that say so. The root key is forgotten at once.
func newPost(ctx context.Context, cfg *desk.Config, first cell.Day) (*post, error) {
	p := &post{w0: uint32(first) / 7, objects: map[string][]byte{}}
	root, err := seal.NewSigningKey(seal.RoleRoot, cfg.Rand)
	if err != nil {
		return nil, err
	}
	defer root.Wipe()
	if p.sift, err = seal.NewSigningKey(seal.RoleSift, cfg.Rand); err != nil {
		return nil, err
	}
	if p.day, err = seal.NewHPKESeed(cfg.Rand); err != nil {
		return nil, err
	}
	p.newsroom = seal.NewNewsroomID(root.Public())
	cfg.Newsroom, cfg.Host = p.newsroom, p
	cfg.Address = seal.Address{ID: p.newsroom, URL: practiceURL}.String()
	if p.desk, err = desk.Create(ctx, *cfg); err != nil {
		return nil, err
	}
	var approvers []seal.Approver
	for _, a := range practiceApprovers {
		k, err := desk.CreateApprover(cfg.Dir, a.name, []byte(a.passphrase), 1, cfg.Rand)
		if err != nil {
			return nil, err
		}
		approvers = append(approvers, seal.Approver{Name: a.name, Key: k})
	}
	return p, p.sign(cfg, root, first, approvers)
}

func (p *post) sign(cfg *desk.Config, root *seal.SigningKey, first cell.Day, approvers []seal.Approver) error {
	rootNote, err := seal.SignRoot(&seal.RootNote{
		Newsroom: p.newsroom, Serial: 1, Issued: first, Expires: first + seal.RootLife, Name: practiceName, W0: p.w0,
		First: root.Public(), SiftKeys: []seal.VerifyKey{p.sift.Public()}, DeskKeys: []seal.VerifyKey{p.desk.Sign},
	}, root)
	if err != nil {
		return err
	}
	devices, err := seal.SignDevices(&seal.DevicesNote{
		Newsroom: p.newsroom, Serial: 1, Issued: first, Expires: first + seal.DevicesLife,
		Devices: []seal.Device{{Name: "practice", Recipient: p.desk.Recipient}}, Approvers: approvers,
	}, root)
	if err != nil {
		return err
	}
	for name, raw := range map[string][]byte{desk.RootNoteFile: rootNote, desk.DevicesNoteFile: devices} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, "notes", name), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// letter seals a telling as its writer's client would, and opens its outer seal as sift would.
func (p *post) letter(r *ring, t telling) error {
	text, err := caseText("reports/" + t.report + ".txt")
	if err != nil {
		return err
	}
	who, err := r.person(t.teller)
	if err != nil {
		return err
	}
	kind := cell.KindLetter
	if t.way == "help" {
		kind = cell.KindHelp
	}
	today := r.first + cell.Day(t.day)
	week := cell.WeekOf(today, p.w0)
	inbox, err := p.inbox(today, week)
	if err != nil {
		return err
	}
	frags, err := seal.CutLetter(r.o.Rand, &seal.Letter{Kind: kind, Week: week, Thread: who.conv.Thread(), Text: []byte(text)}, who.conv.Key(week))
	if err != nil {
		return err
	}
	for i := range frags {
		sealed, err := seal.SealLetterCell(r.o.Rand, p.newsroom, today, p.day.Public(), inbox, &frags[i])
		if err != nil {
			return err
		}
		_, rec, ok := seal.NewDayOpener(p.newsroom, today, &p.day).Open(sealed)
		if !ok {
			return fmt.Errorf("a cell of its own does not open")
		}
		p.records = append(p.records, *rec)
	}
	return nil
}

// inbox is the key to which letters of a week are sealed, by the desk's note.
func (p *post) inbox(today cell.Day, week cell.Week) (*seal.HPKEPublic, error) {
	root, err := seal.ParseRoot(p.newest("note/root/"), p.newsroom, today)
	if err != nil {
		return nil, err
	}
	n, err := seal.ParseDesk(p.newest("note/desk/"), root, today)
	if err != nil {
		return nil, err
	}
	for _, b := range n.Inboxes {
		if b.Week == week {
			return &b.Key, nil
		}
	}
	return nil, fmt.Errorf("the desk's note has no inbox key of week %d", week)
}

// newest is the object with the longest, then highest number under a prefix.
func (p *post) newest(prefix string) []byte {
	best := ""
	for name := range p.objects {
		if strings.HasPrefix(name, prefix) && (len(name) > len(best) || len(name) == len(best) && name > best) {
			best = name
		}
	}
	return p.objects[best]
}

// deliver puts what came into the batch of a day. A day without letters has none.
func (p *post) deliver(day cell.Day) error {
	if len(p.records) == 0 {
		return nil
	}
	plain, err := cell.MarshalBatch(day, p.records)
	if err != nil {
		return err
	}
	p.records = nil
	if plain, err = seal.SignBatch(p.newsroom, p.sift, plain); err != nil {
		return err
	}
	to, err := age.ParseHybridRecipient(p.desk.Recipient)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return err
	}
	if _, err := w.Write(plain); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	p.objects[fmt.Sprintf("batch/%d", day)] = out.Bytes()
	return nil
}

// PutObject implements desk.Host.
func (p *post) PutObject(_ context.Context, name string, data []byte) error {
	p.objects[name] = bytes.Clone(data)
	return nil
}

// GetObject implements desk.Host.
func (p *post) GetObject(_ context.Context, name string) ([]byte, error) {
	if b, ok := p.objects[name]; ok {
		return b, nil
	}
	return nil, relay.ErrNotFound
}

// ListObjects implements desk.Host.
func (p *post) ListObjects(_ context.Context, prefix string) ([]string, error) {
	var out []string
	for name := range p.objects {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Notes implements desk.Host: nobody reads them.
func (*post) Notes(context.Context) ([]byte, error) { return nil, relay.ErrNotFound }

// Bulletin implements desk.Host: none is printed.
func (*post) Bulletin(context.Context) ([]byte, error) { return nil, relay.ErrNotFound }
