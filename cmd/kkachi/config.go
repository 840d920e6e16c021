package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/sift"
	"kkachi/internal/store"
)

// configFile is the name of the file that stands on top of each newsroom's folder.
const configFile = "newsroom.toml"

// A newsroom is newsroom.toml: names, addresses, parameters, languages; never a secret.
// Each role reads it, so a copy of it goes to each machine.
type newsroom struct {
	Format     int        `toml:"format"`     // of this file
	ID         string     `toml:"id"`         // SHA-256 of the first root key, hex
	Name       string     `toml:"name"`       // as it stands in the root note
	URL        string     `toml:"url"`        // where sources and readers find the host
	Languages  []lang.Tag `toml:"languages"`  // of the site, the first is the default
	Desks      int        `toml:"desks"`      // that share the bulletin
	Slots      int        `toml:"slots"`      // of the bulletin
	Batch      int        `toml:"batch"`      // records a day from sift to desk
	Quota      int        `toml:"quota"`      // cells a day that the host takes
	Difficulty int        `toml:"difficulty"` // zero bits of each cell's stamp, at the least; a flood raises them
	Canaries   int        `toml:"canaries"`   // of a day, without which sift holds its letters; 0: none are looked for
	Proxy      string     `toml:"proxy"`      // through which sift and desk reach the host, socks5://…
	Listen     listen     `toml:"listen"`
	Names      lang.Words `toml:"names"` // the newsroom's name on the site, where it differs by language
	Partners   []partner  `toml:"partners,omitempty"`
}

// partner takes over cases of people who ask for help: a name, and the key that it keeps.
type partner struct {
	Name      string `toml:"name"`
	Recipient string `toml:"recipient"` // age1pq1…, as kkachi case key prints it
}

// listen says where the roles listen, as HOST:PORT.
type listen struct {
	Drop string `toml:"drop"`
	Desk string `toml:"desk"` // always loopback
}

// newNewsroom has the defaults of a new newsroom.
func newNewsroom() newsroom {
	return newsroom{
		Format: configFormat, Name: "A newsroom", URL: "http://127.0.0.1:8400", Languages: lang.All(),
		Desks: 1, Slots: cell.DefaultSlots, Batch: cell.DefaultBatch, Quota: store.DefaultQuota,
		Listen: listen{Drop: "127.0.0.1:8400", Desk: "127.0.0.1:0"},
	}
}

// readNewsroom reads DIR/newsroom.toml. Everything wrong in it is bad input, named by field.
func readNewsroom(dir string) (*newsroom, error) {
	path := filepath.Join(dir, configFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, bad(fmt.Errorf("%s: no %s in it", dir, configFile),
			"name the folder that kkachi init made, or copy its "+configFile+" beside the role's folder")
	}
	if err != nil {
		return nil, err
	}
	n, err := parseNewsroom(data)
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", path, err), "mend the file; doc/operator.md lists its fields")
	}
	return n, nil
}

// configFormat is the format of newsroom.toml that this program writes and knows. A file
// without one is of format 1.
const configFormat = 1

func parseNewsroom(data []byte) (*newsroom, error) {
	var version struct{ Format int } // read by itself: a newer file may differ in all else
	if _, err := toml.Decode(string(data), &version); err == nil && version.Format > configFormat {
		return nil, fmt.Errorf("format: the file is of format %d, and this kkachi knows %d: use the kkachi that wrote it", version.Format, configFormat)
	}
	n := newNewsroom()
	n.Name, n.URL = "", ""
	meta, err := toml.Decode(string(data), &n)
	if err != nil {
		// The library's text names line and key already.
		return nil, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("line %d: unknown key %q", lineOf(data, unknown[0]), unknown[0].String())
	}
	return &n, n.check(true)
}

// lineOf finds the line of key, 0 if it is written in a way that this search does not know.
func lineOf(data []byte, key toml.Key) int {
	table := ""
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			table = strings.Trim(strings.SplitN(line, "#", 2)[0], "[] \t")
			if table == key.String() {
				return i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(line, "=")
		name = strings.Trim(strings.TrimSpace(name), `"'`)
		if table != "" {
			name = table + "." + name
		}
		if ok && name == key.String() {
			return i + 1
		}
	}
	return 0
}

// check names the first field that can't be right.
func (n *newsroom) check(withID bool) error {
	if withID {
		if _, err := seal.ParseNewsroomID(n.ID); err != nil {
			return fmt.Errorf("id: %w", err)
		}
	}
	if n.Name == "" || len(n.Name) > 128 || strings.ContainsFunc(n.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("name: write 1 to 128 bytes in one line")
	}
	if _, err := seal.ParseAddress(seal.Address{URL: n.URL}.String()); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if len(n.Languages) == 0 {
		return errors.New("languages: name at least one of ko, en, zh")
	}
	for _, t := range n.Languages {
		if !t.Valid() {
			return fmt.Errorf("languages: %q is not one of ko, en, zh", string(t))
		}
	}
	for _, f := range []struct {
		name           string
		value, lo, hi  int
		powerOfTwoOnly bool
	}{
		{"format", n.Format, 1, configFormat, false},
		{"desks", n.Desks, 1, cell.MaxDesks, false},
		{"slots", n.Slots, cell.MinSlots, cell.MaxSlots, false},
		{"batch", n.Batch, cell.DefaultBatch, cell.MaxBatch, true},
		{"quota", n.Quota, 1, 1 << 24, false},
		{"difficulty", n.Difficulty, 0, sift.StampMost, false},
		{"canaries", n.Canaries, 0, 1 << 10, false},
	} {
		if f.value < f.lo || f.value > f.hi {
			return fmt.Errorf("%s: %d is not between %d and %d", f.name, f.value, f.lo, f.hi)
		}
		if f.powerOfTwoOnly && f.value&(f.value-1) != 0 {
			return fmt.Errorf("%s: %d is not %d doubled some times", f.name, f.value, f.lo)
		}
	}
	for _, l := range []struct{ name, addr string }{{"listen.drop", n.Listen.Drop}, {"listen.desk", n.Listen.Desk}} {
		if _, _, err := net.SplitHostPort(l.addr); err != nil {
			return fmt.Errorf("%s: %q is not HOST:PORT", l.name, l.addr)
		}
	}
	if err := n.checkPartners(); err != nil {
		return err
	}
	return loopbackOnly("listen.desk", n.Listen.Desk)
}

func (n *newsroom) checkPartners() error {
	seen := map[string]bool{}
	for i, p := range n.partners() {
		if err := p.Check(); err != nil {
			return fmt.Errorf("partners: number %d: %w", i+1, err)
		}
		if seen[p.Name] {
			return fmt.Errorf("partners: the name %q stands twice", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

// partners are those that the desk can seal a case to.
func (n *newsroom) partners() []desk.Partner {
	var out []desk.Partner
	for _, p := range n.Partners {
		out = append(out, desk.Partner(p))
	}
	return out
}

// loopbackOnly refuses an address of the desk that others could reach.
func loopbackOnly(name, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %q is not HOST:PORT", name, addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s: %q is not loopback: it is for this computer alone", name, addr)
	}
	return nil
}

// id is the newsroom id; check has seen that it parses.
func (n *newsroom) id() seal.NewsroomID {
	id, err := seal.ParseNewsroomID(n.ID)
	if err != nil {
		panic("newsroom.id before check: " + err.Error())
	}
	return id
}

// address is what sources and watchers are given by hand.
func (n *newsroom) address() string { return seal.Address{ID: n.id(), URL: n.URL}.String() }

// setLanguages takes tags as they stand on a command line; check says if one is none.
func (n *newsroom) setLanguages(tags []string) {
	n.Languages = nil
	for _, t := range tags {
		n.Languages = append(n.Languages, lang.Tag(t))
	}
}

// marshal writes the file for people to read and edit.
func (n *newsroom) marshal() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# The newsroom. There are no secrets in this file: copy it beside each role's folder.\n\n")
	if err := toml.NewEncoder(&b).Encode(n); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// siteNames are the names of the newsroom on its site, the one name where none is given.
func (n *newsroom) siteNames() lang.Words {
	names := n.Names
	for _, p := range []*string{&names.KO, &names.EN, &names.ZH} {
		if *p == "" {
			*p = n.Name
		}
	}
	return names
}
