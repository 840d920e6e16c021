package desk

import (
	"io"
	"os"
	"sync"
	"time"
)

// maxReread bounds what is read of such a file: more than any of their parsers takes.
const maxReread = 4 << 20

// A rereadFile is a file that the newsroom edits, as it was read last: it is parsed again once its
// time or size is another.
type rereadFile[T any] struct {
	mu   sync.Mutex // guards all below
	at   time.Time
	size int64
	read bool
	have T
	err  error
}

// get gives what parse made of the file; fs.ErrNotExist where there is none.
func (f *rereadFile[T]) get(path string, parse func([]byte) (T, error)) (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(path)
	if err == nil && f.read && info.ModTime().Equal(f.at) && info.Size() == f.size {
		return f.have, f.err
	}
	f.read = false
	var none T
	if err != nil {
		return none, err
	}
	file, err := os.Open(path)
	if err != nil {
		return none, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxReread))
	if err != nil {
		return none, err
	}
	f.have, f.err = parse(data)
	f.at, f.size, f.read = info.ModTime(), info.Size(), true
	return f.have, f.err
}
