package relay

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync/atomic"
)

// A Head is what stands before the body of an answer.
type Head struct {
	Path   string // that was asked for, as the request has it
	Packed bool   // asked for as browsers do
	Status int
	Header http.Header // of the answer; with the field Trailer where more comes behind the body
	Before int         // answers of a status under 200 that came before it
}

type headsKey struct{}

// WithHeads gives a context under which see is handed the head of each answer, whatever it is,
// before its body is read; at times by several goroutines at once.
func WithHeads(ctx context.Context, see func(Head)) context.Context {
	return context.WithValue(ctx, headsKey{}, see)
}

// withHeads readies a request for that. shown does nothing where nobody wants to see.
func withHeads(ctx context.Context, r request) (under context.Context, shown func(*http.Response)) {
	see, ok := ctx.Value(headsKey{}).(func(Head))
	if !ok {
		return ctx, func(*http.Response) {}
	}
	var before atomic.Int32
	under = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		Got1xxResponse: func(int, textproto.MIMEHeader) error { before.Add(1); return nil },
	})
	return under, func(res *http.Response) {
		h := res.Header.Clone()
		if len(res.Trailer) > 0 {
			h.Set("Trailer", "")
		}
		see(Head{Path: r.path, Packed: r.packed, Status: res.StatusCode, Header: h, Before: int(before.Load())})
	}
}
