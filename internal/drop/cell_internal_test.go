package drop

import (
	"context"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kkachi/internal/cell"
)

// A store that keeps a cell unless who sent it has left.
type leaving struct{ put }

func (leaving) PutCell(ctx context.Context, _ cell.Day, _ *cell.Cell) error { return ctx.Err() }

// Who leaves while his cell waits is no trouble of the disk: else anybody could raise the alarm.
func TestWhoLeavesIsNoTrouble(t *testing.T) {
	h, err := New(t.Context(), Config{Store: leaving{}, Now: cell.Day(20700).Time})
	if err != nil {
		t.Fatal(err)
	}
	h.current.Store(&cell.Now{Epochs: []cell.EpochDifficulty{{Epoch: 20700}}})
	good := string(binary.BigEndian.AppendUint32(nil, 20700)) + strings.Repeat("x", cell.Size-4)
	for leaves, want := range map[bool]int{false: http.StatusNoContent, true: http.StatusServiceUnavailable} {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		if leaves {
			leave()
		}
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/c", strings.NewReader(good)).WithContext(ctx))
		if w.Code != want || h.failing.Load() {
			t.Errorf("who leaves: %v: %d, told as trouble: %v", leaves, w.Code, h.failing.Load())
		}
	}
}
