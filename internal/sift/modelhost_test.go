package sift

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/relay"
	"kkachi/internal/store"
)

// A modelStore is a store in memory that can be copied: the host of the model is the real
// drop over one of these, made anew for each action, so that it restarts at each of them.
type modelStore struct {
	open, closed, acked map[cell.Day]bool
	cells               map[cell.Day][]*cell.Cell
	objects             map[string][]byte
	values              map[string]modelValue
}

type modelValue struct {
	serial uint64
	data   []byte
}

func newModelStore() *modelStore {
	return &modelStore{
		map[cell.Day]bool{},
		map[cell.Day]bool{},
		map[cell.Day]bool{},
		map[cell.Day][]*cell.Cell{},
		map[string][]byte{},
		map[string]modelValue{},
	}
}

func (m *modelStore) clone() *modelStore {
	return &modelStore{
		maps.Clone(m.open), maps.Clone(m.closed), maps.Clone(m.acked),
		maps.Clone(m.cells), maps.Clone(m.objects), maps.Clone(m.values),
	}
}

func (m *modelStore) OpenDay(_ context.Context, day cell.Day) error {
	if m.closed[day] {
		return store.ErrClosed
	}
	m.open[day] = true
	return nil
}

func (m *modelStore) PutCell(ctx context.Context, day cell.Day, c *cell.Cell) error {
	if err := m.OpenDay(ctx, day); err != nil {
		return err
	}
	cp := *c
	m.cells[day] = append(slices.Clip(m.cells[day]), &cp)
	return nil
}

func (m *modelStore) CloseDay(_ context.Context, day cell.Day) error {
	delete(m.open, day)
	m.closed[day] = true
	return nil
}

func (m *modelStore) OpenDays(context.Context) ([]cell.Day, error) {
	return slices.Sorted(maps.Keys(m.open)), nil
}

func (m *modelStore) ClosedDays(context.Context) ([]cell.Day, error) {
	days := maps.Clone(m.closed)
	maps.DeleteFunc(days, func(d cell.Day, _ bool) bool { return m.acked[d] })
	return slices.Sorted(maps.Keys(days)), nil
}

func (m *modelStore) ReadDay(_ context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	switch {
	case m.open[day]:
		return store.ErrOpen
	case !m.closed[day] || m.acked[day]:
		return store.ErrNotFound
	}
	for _, c := range m.cells[day] {
		if err := yield(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *modelStore) AckDay(_ context.Context, day cell.Day) error {
	switch {
	case m.open[day]:
		return store.ErrOpen
	case !m.closed[day]:
		return store.ErrNotFound
	}
	m.acked[day] = true
	delete(m.cells, day)
	return nil
}

func (m *modelStore) PutObject(_ context.Context, name string, data []byte) error {
	if old, ok := m.objects[name]; ok && !bytes.Equal(old, data) {
		return store.ErrConflict
	}
	m.objects[name] = data
	return store.CheckName(name)
}

func (m *modelStore) GetObject(_ context.Context, name string) ([]byte, error) {
	data, ok := m.objects[name]
	if !ok {
		return nil, store.ErrNotFound
	}
	return data, nil
}

func (m *modelStore) OpenObject(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	data, err := m.GetObject(ctx, name)
	return seekCloser{bytes.NewReader(data)}, err
}

type seekCloser struct{ *bytes.Reader }

func (seekCloser) Close() error { return nil }

func (m *modelStore) ListObjects(_ context.Context, prefix string) (out []string, err error) {
	for name := range m.objects {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (m *modelStore) DeleteObject(_ context.Context, name string) error {
	delete(m.objects, name)
	return nil
}

func (m *modelStore) Switch(_ context.Context, name string, serial uint64, data []byte) error {
	old, ok := m.values[name]
	switch {
	case ok && serial < old.serial:
		return store.ErrSerial
	case ok && serial == old.serial && !bytes.Equal(data, old.data):
		return store.ErrConflict
	}
	m.values[name] = modelValue{serial, data}
	return nil
}

func (m *modelStore) Current(_ context.Context, name string) (uint64, []byte, error) {
	v, ok := m.values[name]
	if !ok {
		return 0, nil, store.ErrNotFound
	}
	return v.serial, v.data, nil
}

// hostTokens are the tokens of the model's host, made once.
type hostTokens struct {
	tokens     drop.Tokens
	sift, desk string
}

func newHostTokens(random io.Reader) *hostTokens {
	h := &hostTokens{sift: must(drop.NewToken(random)), desk: must(drop.NewToken(random))}
	for token, role := range map[string]drop.Role{h.sift: drop.RoleSift, h.desk: drop.RoleDesk} {
		if err := h.tokens.Add(role, token); err != nil {
			panic(err)
		}
	}
	return h
}

// start makes the real host over a store.
func (h *hostTokens) start(m *modelStore, now time.Time) *drop.Host {
	return must(drop.New(context.Background(), drop.Config{
		Store: m, Now: func() time.Time { return now }, Tokens: h.tokens,
	}))
}

// client is the real client of a host, whose requests take the short way to its handler.
func client(h *drop.Host, token string) *relay.Client {
	return must(relay.New("http://localhost", relay.Options{
		Token: token, Transport: shortWay{h.Handler()},
		Sleep: func(context.Context, time.Duration) error { return errBroken },
	}))
}

type shortWay struct{ http.Handler }

func (s shortWay) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	// As it stands on the wire: a request that was sent is not changed.
	r = r.Clone(r.Context())
	if r.ContentLength > 0 || r.Method == http.MethodPut {
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= 500 {
		return nil, fmt.Errorf("the host answers %d", w.Code)
	}
	return w.Result(), nil
}
