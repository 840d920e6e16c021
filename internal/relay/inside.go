package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"kkachi/internal/cell"
)

// errYield marks an error of the caller's own function: it isn't the host's.
var errYield = errors.New("relay: ended by the reader")

// Days lists the closed arrival days that nobody acknowledged, ascending.
func (c *Client) Days(ctx context.Context) ([]cell.Day, error) {
	const name = "listing days"
	data, err := c.again(ctx, request{name: name, method: http.MethodGet, path: "/s/days"}, MaxSmall)
	if err != nil {
		return nil, err
	}
	var days []cell.Day
	for line := range strings.Lines(string(data)) {
		digits, ended := strings.CutSuffix(line, "\n")
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || !ended || len(days) > 0 && cell.Day(n) <= days[len(days)-1] {
			return nil, fmt.Errorf("%s: %w: its answer is not a list of days", name, ErrRefused)
		}
		days = append(days, cell.Day(n))
	}
	return days, nil
}

// ReadDay yields the cells of a closed day; each is valid during the call only. It is tried
// again only until the first cell: after that, ErrUnavailable means that the day must be read
// from its beginning. An error of yield is returned as it is.
func (c *Client) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	r := request{name: fmt.Sprintf("reading day %d", day), method: http.MethodGet, path: dayPath(day), token: true, sized: MaxDay * cell.Size}
	var ended error // of a day that has begun: not tried again
	err := c.Retry(ctx, func() error {
		begun := false
		err := c.send(ctx, r, func(body io.Reader, _ string) error {
			return eachCell(body, func(x *cell.Cell) error {
				begun = true
				return yield(x)
			})
		})
		if begun {
			ended = err
			return nil
		}
		return err
	})
	err = errors.Join(err, ended)
	var own *yieldError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own.err
	}
	return fmt.Errorf("%s: %w", r.name, err)
}

// A yieldError carries what the caller's function returned past this package's own errors.
type yieldError struct{ err error }

func (e *yieldError) Error() string        { return e.err.Error() }
func (e *yieldError) Is(target error) bool { return target == errYield }

func eachCell(body io.Reader, yield func(*cell.Cell) error) error {
	x := new(cell.Cell)
	for {
		_, err := io.ReadFull(body, x[:])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err // also a last cell that is cut
		}
		if err := yield(x); err != nil {
			return &yieldError{err}
		}
	}
}

// AckDay tells the host that a day is kept elsewhere: its cells go.
func (c *Client) AckDay(ctx context.Context, day cell.Day) error {
	_, err := c.again(ctx, request{name: fmt.Sprintf("acknowledging day %d", day), method: http.MethodPost, path: dayPath(day) + "/ack"}, 0)
	return err
}

// Crowd is what the host knows of a closed day's visitors: distinct network prefixes as a power
// of two, 0 if it didn't look, and the cells that were offered, kept or not. ErrNotFound if it
// was started anew since.
func (c *Client) Crowd(ctx context.Context, day cell.Day) (prefixes, offered uint64, err error) {
	name := fmt.Sprintf("asking after the crowd of day %d", day)
	data, err := c.again(ctx, request{name: name, method: http.MethodGet, path: fmt.Sprintf("/s/crowd/%d", day)}, 100)
	if err != nil {
		return 0, 0, err
	}
	if n, err := fmt.Sscanf(string(data), "prefixes %d\noffered %d\n", &prefixes, &offered); n != 2 || err != nil ||
		string(data) != fmt.Sprintf("prefixes %d\noffered %d\n", prefixes, offered) || prefixes&(prefixes-1) != 0 {
		return 0, 0, fmt.Errorf("%s: %w: its answer is not a crowd", name, ErrRefused)
	}
	return prefixes, offered, nil
}

func dayPath(day cell.Day) string { return "/s/day/" + strconv.FormatUint(uint64(day), 10) }

// PutObject writes an object once. The same bytes again: nil. ErrConflict for others.
func (c *Client) PutObject(ctx context.Context, name string, data []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	_, err := c.again(ctx, request{name: "putting " + name, method: http.MethodPut, path: "/s/o/" + name, body: notNil(data)}, 0)
	return err
}

// GetObject reads an object of at most MaxObject bytes. ErrNotFound.
func (c *Client) GetObject(ctx context.Context, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return c.again(ctx, request{name: "getting " + name, method: http.MethodGet, path: "/s/o/" + name}, MaxObject)
}

// ListObjects lists the names that begin with prefix, sorted as bytes, as far as this token
// may read them.
func (c *Client) ListObjects(ctx context.Context, prefix string) ([]string, error) {
	if prefix != "" {
		if err := checkName(strings.TrimSuffix(prefix, "/")); err != nil {
			return nil, err
		}
	}
	data, err := c.again(ctx, request{name: "listing " + prefix, method: http.MethodGet, path: "/s/list/" + prefix}, MaxSmall)
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		name, ended := strings.CutSuffix(line, "\n")
		if !ended || checkName(name) != nil || !strings.HasPrefix(name, prefix) {
			return nil, fmt.Errorf("listing %s: %w: its answer is not a list of names", prefix, ErrRefused)
		}
		names = append(names, name)
	}
	return names, nil
}

// PutNow switches notes, bulletin and accepted epochs. ErrConflict for a lower serial, or the
// same with other bytes.
func (c *Client) PutNow(ctx context.Context, now *cell.Now) error {
	data, err := now.Marshal()
	if err != nil {
		return fmt.Errorf("putting now: %w", err)
	}
	_, err = c.again(ctx, request{name: "putting now", method: http.MethodPut, path: "/s/now/" + strconv.FormatUint(now.Serial, 10), body: data}, 0)
	return err
}

// CurrentNow is what was put last. ErrNotFound.
func (c *Client) CurrentNow(ctx context.Context) (*cell.Now, error) {
	data, err := c.again(ctx, request{name: "getting now", method: http.MethodGet, path: "/s/now"}, MaxSmall)
	if err != nil {
		return nil, err
	}
	now, err := cell.ParseNow(data)
	if err != nil {
		return nil, fmt.Errorf("getting now: %w", err)
	}
	return now, nil
}

// PutSite switches the site to a manifest whose files are all there. ErrConflict if they
// aren't, or for a lower serial, or the same with other bytes.
func (c *Client) PutSite(ctx context.Context, serial uint64, manifest []byte) error {
	_, err := c.again(ctx, request{name: "putting the site", method: http.MethodPut, path: "/s/site/" + strconv.FormatUint(serial, 10), body: notNil(manifest)}, 0)
	return err
}

// CurrentSite is the manifest that was put last. ErrNotFound.
func (c *Client) CurrentSite(ctx context.Context) ([]byte, error) {
	return c.again(ctx, request{name: "getting the site's manifest", method: http.MethodGet, path: "/s/site"}, MaxObject)
}

// checkName lets only those bytes into a path which mean themselves there.
func checkName(name string) error {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			return fmt.Errorf("%w: not the name of an object", ErrRefused)
		}
	}
	return nil
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
