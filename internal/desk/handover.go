package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// A Partner takes over cases: an organisation that the newsroom has met and whose key it
// has checked. Its name and key stand in newsroom.toml.
type Partner struct {
	Name      string
	Recipient string // age1pq…
}

// Check says whether the partner can be sealed to.
func (p Partner) Check() error {
	if name, err := label("name", p.Name); err != nil || name == "" || name != p.Name {
		return errors.New("a name of 1 to 60 characters is needed")
	}
	if _, err := age.ParseHybridRecipient(p.Recipient); err != nil {
		return errors.New("recipient is no post-quantum age recipient (age1pq…)")
	}
	return nil
}

// A Handover is what a partner is given of a case. It holds what a journalist chose, and
// neither the desk's name for the source nor anything of its thread: the reference is drawn
// for this hand-over alone. Its JSON is spec/11-case.md.
type Handover struct {
	Format    int             `json:"format"`
	Newsroom  string          `json:"newsroom"`
	Reference string          `json:"reference"` // to speak about the case with the newsroom
	Partner   string          `json:"partner"`
	Day       string          `json:"day"` // 2022-10-03
	Asked     string          `json:"asked"`
	Deadline  string          `json:"deadline,omitempty"`
	Need      string          `json:"need"`
	Danger    string          `json:"danger"`
	Message   string          `json:"message,omitempty"` // from the journalist to the partner
	Steps     []HandoverStep  `json:"steps,omitempty"`
	Words     []HandoverWords `json:"words,omitempty"`
}

// A HandoverStep is something that was done already.
type HandoverStep struct {
	Day  string `json:"day"`
	Text string `json:"text"`
}

// HandoverWords are the person's own words, and translations of them.
type HandoverWords struct {
	Day          string            `json:"day"`
	Lang         lang.Tag          `json:"lang"`
	Text         string            `json:"text"`
	Translations map[string]string `json:"translations,omitempty"`
}

// Parameters of the file of a case; they stand in spec/11-case.md.
const (
	HandoverFormat  = 1
	MaxHandover     = 1 << 20 // bytes of the JSON
	referenceDigits = 8
)

// HandoverInput is what a journalist chooses to hand over.
type HandoverInput struct {
	Partner string // its name in newsroom.toml
	Message string
	Steps   bool // what was done already
	Words   []ID // reports whose words go along
	By      string
}

// handedOver is the content of a hand-over. The sealed file is kept beside the log, and dies
// with the source.
type handedOver struct {
	Partner   string `json:"partner"`
	Recipient string `json:"recipient"`
	Reference string `json:"reference"`
	Words     int    `json:"words"` // tellings that went along
	Blob      []byte `json:"blob"`  // SHA-256 of the sealed file
	By        string `json:"by"`
}

// A HandoverView says that a case was handed over: to whom, by whom, how much.
type HandoverView struct {
	Op                     OpID
	Day                    cell.Day
	Partner, Reference, By string
	Words                  int
}

// Partners lists those of newsroom.toml.
func (d *Desk) Partners() []Partner { return slices.Clone(d.cfg.Partners) }

// HandOver seals a case to a partner's key. Everybody at the desk sees that it was done, and
// it can't be undone: who has the file has it.
func (d *Desk) HandOver(ctx context.Context, src ID, in HandoverInput) (OpID, error) {
	i := slices.IndexFunc(d.cfg.Partners, func(p Partner) bool { return p.Name == in.Partner })
	if i < 0 {
		return OpID{}, field("partner", "choose one of those in newsroom.toml")
	}
	if len(in.Message) > maxSheet {
		return OpID{}, field("message", "longer than %d bytes", maxSheet)
	}
	if err := d.mayWork(ctx, src, in.By); err != nil {
		return OpID{}, err
	}
	p := d.cfg.Partners[i]
	h, err := d.handover(ctx, src, in)
	if err != nil {
		return OpID{}, err
	}
	var sealed bytes.Buffer
	if err := SealHandover(&sealed, h, p); err != nil {
		return OpID{}, err
	}
	sum, _, err := d.v.PutBlob(ctx, vault.Thing(src), &sealed)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: keeping the sealed case: %w", err)
	}
	return d.append1(ctx, opCaseGive, src, src, handedOver{p.Name, p.Recipient, h.Reference, len(h.Words), sum[:], in.By})
}

// handover gathers what the journalist chose.
func (d *Desk) handover(ctx context.Context, src ID, in HandoverInput) (*Handover, error) {
	c, err := d.Case(ctx, src)
	if err != nil {
		return nil, err
	}
	if c.Erase != 0 {
		return nil, field("case", "its source asked for erasure: nothing of it may be handed on")
	}
	if strings.TrimSpace(c.Sheet.Need) == "" {
		return nil, field("need", "write what the person needs before handing over")
	}
	id, err := d.newID()
	if err != nil {
		return nil, err
	}
	h := &Handover{
		Format: HandoverFormat, Newsroom: d.cfg.Name, Reference: id.String()[:referenceDigits], Partner: in.Partner,
		Day: isoDay(d.Today()), Asked: isoDay(c.Asked), Deadline: isoDay(c.Sheet.Deadline), Need: c.Sheet.Need,
		Danger: c.Sheet.Danger, Message: strings.TrimSpace(in.Message),
	}
	if in.Steps {
		for _, s := range c.Steps {
			h.Steps = append(h.Steps, HandoverStep{isoDay(s.Day), s.Text})
		}
	}
	for _, r := range c.Reports {
		if !slices.Contains(in.Words, r.ID) || r.File || r.Hidden {
			continue
		}
		w := HandoverWords{Day: isoDay(r.Day), Lang: r.Lang, Text: r.Text}
		for _, t := range r.Translations {
			if w.Translations == nil {
				w.Translations = map[string]string{}
			}
			w.Translations[string(t.Lang)] = t.Text
		}
		h.Words = append(h.Words, w)
	}
	return h, d.mustNameNobody(ctx, c, h, in.By)
}

// isoDay is a day as it stands in files, "" for none.
func isoDay(d cell.Day) string {
	if d == 0 {
		return ""
	}
	return lang.ISODate(uint32(d))
}

func (d *Desk) handovers(ctx context.Context, src ID) ([]HandoverView, error) {
	rows, err := d.v.View().Query(ctx, `SELECT op, day, doc FROM event WHERE kind = ?2 AND thing IN (`+group+`SELECT source FROM g) ORDER BY n`,
		src, string(opCaseGive))
	if err != nil {
		return nil, fmt.Errorf("desk: hand-overs: %w", err)
	}
	evs, err := collect(rows, func(e *event) []any { return []any{&e.op, &e.day, &e.doc} })
	if err != nil {
		return nil, err
	}
	var out []HandoverView
	for _, e := range evs {
		g, err := unmarshal[handedOver](e.doc)
		if err != nil {
			return nil, err
		}
		out = append(out, HandoverView{e.op, e.day, g.Partner, g.Reference, g.By, g.Words})
	}
	return out, nil
}

// SealedCase gives the sealed file of a hand-over, and the name to save it under.
func (d *Desk) SealedCase(ctx context.Context, op OpID) (name string, data []byte, err error) {
	var doc string
	err = d.v.View().QueryRow(ctx, `SELECT doc FROM event WHERE op = ? AND kind = ?`, op, string(opCaseGive)).Scan(&doc)
	if err != nil {
		return "", nil, fmt.Errorf("%w: hand-over %s", ErrNotFound, op)
	}
	g, err := unmarshal[handedOver](doc)
	if err != nil {
		return "", nil, err
	}
	rc, err := d.v.Blob(ctx, vault.Hash(g.Blob))
	if err != nil {
		return "", nil, fmt.Errorf("desk: hand-over: %w", err)
	}
	data, err = io.ReadAll(rc)
	if err := errors.Join(err, rc.Close()); err != nil {
		return "", nil, fmt.Errorf("desk: hand-over: %w", err)
	}
	return "case-" + g.Reference + ".age", data, nil
}

// SealHandover writes the file that a partner opens with kkachi case open.
func SealHandover(w io.Writer, h *Handover, p Partner) error {
	to, err := age.ParseHybridRecipient(p.Recipient)
	if err != nil {
		return fmt.Errorf("desk: the key of partner %q: %w", p.Name, err)
	}
	b, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return fmt.Errorf("desk: hand-over: %w", err)
	}
	if len(b) > MaxHandover {
		return field("words", "more than fits into a hand-over: choose fewer")
	}
	enc, err := age.Encrypt(w, to)
	if err != nil {
		return fmt.Errorf("desk: hand-over: %w", err)
	}
	_, err = enc.Write(b)
	return errors.Join(err, enc.Close())
}

// ErrHandover says that a file is no case sealed to this key, or a damaged one.
var ErrHandover = errors.New("no case that this key opens")

// OpenHandover reads what SealHandover wrote.
func OpenHandover(r io.Reader, ids ...age.Identity) (*Handover, error) {
	plain, err := age.Decrypt(r, ids...)
	if err != nil {
		return nil, ErrHandover
	}
	b, err := io.ReadAll(io.LimitReader(plain, MaxHandover+1))
	if err != nil || len(b) > MaxHandover {
		return nil, ErrHandover
	}
	var version struct{ Format int } // read by itself: a newer file may differ in all else
	if json.Unmarshal(b, &version) == nil && version.Format > HandoverFormat {
		return nil, fmt.Errorf("desk: the case is of format %d, and this kkachi knows %d: use a newer one", version.Format, HandoverFormat)
	}
	var h Handover
	if err := read(b, &h); err != nil || h.Format != HandoverFormat {
		return nil, ErrHandover
	}
	return &h, nil
}
