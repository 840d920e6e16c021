package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

const (
	secretSent  = "sent/" // + day/number: which slots were put, to find them again
	receiptDays = 14      // days for which a letter's receipt rides alone
	slotIDSize  = 16      // bytes of a slot's digest that are remembered
)

// sent remembers what a parcel held.
type sent struct {
	Slots   [][]byte         `json:"slots"`   // digests of all, random ones too
	Replies map[string][]int `json:"replies"` // hex of a reply's thing → places in Slots
}

// A packer fills the slots of one parcel.
type packer struct {
	d     *Desk
	day   cell.Day
	week  cell.Week
	room  int
	tags  *tagBook
	used  map[ID][]uint8 // tags taken in this parcel, by source
	next  map[ID]ID      // where sources went on
	keyed map[ID]bool
	slots []cell.Slot
	sent  sent

	unread error // why a key could not be read though it may be there: no parcel is made without it
}

// putParcel builds a full parcel for tomorrow and makes it ready to be put. It is built at
// every sync, whether there are replies or not, so that nobody sees how many there are.
func (d *Desk) putParcel(ctx context.Context, w0 uint32) (cell.Day, error) {
	day := d.Today() + 1
	prefix := fmt.Sprintf("parcel/%d/%d/", day, d.cfg.Number)
	n, err := d.number(ctx, "parcel", prefix)
	if err != nil {
		return 0, err
	}
	p := &packer{
		d: d, day: day, week: cell.WeekOf(day, w0), room: d.cfg.Slots / d.cfg.Desks, used: map[ID][]uint8{}, keyed: map[ID]bool{},
	}
	if p.next, err = d.successors(ctx); err != nil {
		return 0, err
	}
	if p.tags, err = d.openTags(day, p.room); err != nil {
		return 0, err
	}
	p.sent.Replies = map[string][]int{}
	if err := p.pack(ctx); err != nil {
		return 0, err
	}
	// Before the parcel: one that was put is never followed by another made from the same tags.
	if err := p.tags.save(d); err != nil {
		return 0, err
	}
	data, err := (&cell.Parcel{Day: day, Desk: d.cfg.Number, Slots: p.slots}).Marshal()
	if err != nil {
		return 0, fmt.Errorf("desk: parcel: %w", err)
	}
	mem, err := json.Marshal(p.sent)
	if err != nil {
		return 0, fmt.Errorf("desk: parcel: %w", err)
	}
	if err := d.v.PutSecret(fmt.Sprintf("%s%d/%d", secretSent, day, n), mem, uint32(day+cell.BulletinDays)); err != nil {
		return 0, fmt.Errorf("desk: parcel: %w", err)
	}
	return day, d.enqueue(fmt.Sprintf("%s%d", prefix, n), data)
}

// pack takes replies first, then receipts, then random slots: receipts never displace
// replies (P9).
func (p *packer) pack(ctx context.Context) error {
	all, err := p.d.replies(ctx, `p.seen IS NULL AND p.queued >= ?`, int64(p.day)-ReplyDays)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].source = p.thread(all[i].source)
	}
	chosen := p.choose(all)
	acks, err := p.receipts(ctx, chosen)
	if err != nil {
		return err
	}
	for _, r := range chosen {
		ack := acks.take(r.source)
		err := p.seal(r.source, r.ID.String(), &seal.Reply{ID: cell.ReplyID(r.ID[:8]), Kind: seal.ReplyText, Ack: ack, Body: []byte(r.Text)})
		if err != nil {
			return err
		}
	}
	if err := p.alone(acks); err != nil {
		return err
	}
	if p.unread != nil {
		return fmt.Errorf("desk: parcel: %w", p.unread)
	}
	// Before the parcel is put: what a letter says that was read is held to it.
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	err = p.d.passOver(ctx, all, func(id ID) bool { return len(p.sent.Replies[id.String()]) > 0 })
	return errors.Join(err, p.fill())
}

// fill makes random slots of the tags that no reply stands under.
func (p *packer) fill() error {
	rest, err := p.tags.rest(p.d.cfg.Rand)
	if err != nil {
		return err
	}
	for _, tag := range rest {
		s, err := seal.RandomSlot(p.d.cfg.Rand)
		if err != nil {
			return fmt.Errorf("desk: parcel: %w", err)
		}
		copy(s[:cell.SlotTagSize], tag[:])
		p.add(s)
	}
	return nil
}

// choose gives the replies that fit, in the order in which they were written. Those that no
// bulletin held yet go first; the others take turns from day to day.
func (p *packer) choose(all []replyRow) []replyRow {
	var fresh, again []replyRow
	for _, r := range all {
		switch {
		case !r.wants() || p.day > r.Queued+ReplyDays:
		case r.day.Valid:
			again = append(again, r)
		default:
			fresh = append(fresh, r)
		}
	}
	if n := len(again); n > 0 {
		turn := int(p.day) % n
		again = append(again[turn:], again[:turn]...)
	}
	room, tags := p.tags.room, map[ID]int{}
	var out []replyRow
	for _, r := range append(fresh, again...) {
		n := parts(len(r.Text))
		if !p.hasKey(r.source) {
			continue
		}
		old, free, err := p.own(r.source)
		if err != nil {
			continue
		}
		old = max(0, old-tags[r.source])
		costs := max(0, n-old)
		if costs > room || tags[r.source]+n > free {
			continue
		}
		room -= costs
		tags[r.source] += n
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b replyRow) int { return cmp.Compare(a.n, b.n) })
	return out
}

func parts(size int) int { return max(1, (size+seal.ReplyBodySize-1)/seal.ReplyBodySize) }

// hasKey says whether replies can be sealed in a thread.
func (p *packer) hasKey(src ID) bool {
	has, asked := p.keyed[src]
	if !asked {
		key, err := p.key(src)
		key.Wipe()
		has = err == nil
		p.keyed[src] = has
	}
	return has
}

// thread is where a source is answered: where it went on, once that can be.
func (p *packer) thread(src ID) ID {
	if to := follow(p.next, src); to != src && p.hasKey(to) {
		return to
	}
	return src
}

// own counts the tags of a thread that this desk may use in this parcel: those that stood in
// the day's parcel before, which cost nothing, and all.
func (p *packer) own(src ID) (old, all int, err error) {
	key, err := p.key(src)
	if err != nil {
		return 0, 0, err
	}
	defer key.Wipe()
	for n := range ownTags {
		switch p.tags.stands(seal.SlotTag(key, p.day, p.tag(n))) {
		case tagStands:
			old++
			all++
		case tagNew:
			all++
		}
	}
	return old, all, nil
}

// tag is the n-th of those that this desk owns in every thread.
func (p *packer) tag(n int) uint8 { return p.d.cfg.Number + uint8(n)*cell.MaxDesks }

// key is a thread's for the parcel's week. One that the disk keeps back is remembered: its reply would be left
// out of the day's parcel, and nobody told. One that is not there, or is none, holds up no other.
func (p *packer) key(src ID) (seal.WeekKey, error) {
	c, err := p.d.chainOf(secretThread + src.String())
	if err != nil {
		if !errors.Is(err, vault.ErrNotFound) && !errors.Is(err, errChain) {
			p.unread = err
		}
		return seal.WeekKey{}, err
	}
	key, ok := c.At(p.week)
	if !ok {
		return seal.WeekKey{}, vault.ErrNotFound
	}
	return key, nil
}

// seal cuts a reply and seals its parts under tags that this desk owns: first under those
// that stood in the day's parcel before. Nothing is sealed of what doesn't fit.
func (p *packer) seal(src ID, name string, r *seal.Reply) error {
	key, err := p.key(src)
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer key.Wipe()
	cut, err := seal.CutReply(r)
	if err != nil {
		return fmt.Errorf("desk: parcel: %w", err)
	}
	var tags []uint8
	fresh := 0
	for _, want := range []tagState{tagStands, tagNew} {
		for n := range ownTags {
			i := p.tag(n)
			if len(tags) == len(cut) || slices.Contains(p.used[src], i) || p.tags.stands(seal.SlotTag(key, p.day, i)) != want {
				continue
			}
			if want == tagNew {
				fresh++
			}
			tags = append(tags, i)
		}
	}
	if len(tags) < len(cut) || fresh > p.tags.room {
		return nil
	}
	for i := range cut {
		s, err := seal.SealSlot(p.d.cfg.Rand, key, p.day, tags[i], &cut[i])
		if err != nil {
			return fmt.Errorf("desk: parcel: %w", err)
		}
		p.tags.take(s.Tag())
		p.used[src] = append(p.used[src], tags[i])
		if name != "" {
			p.sent.Replies[name] = append(p.sent.Replies[name], len(p.slots))
		}
		p.add(s)
	}
	return nil
}

func (p *packer) add(s *cell.Slot) {
	p.slots = append(p.slots, *s)
	p.sent.Slots = append(p.sent.Slots, slotID(s))
}

func slotID(s *cell.Slot) []byte {
	sum := sha256.Sum256(s[:])
	return sum[:slotIDSize]
}
