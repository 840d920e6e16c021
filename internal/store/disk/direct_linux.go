package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"

	"golang.org/x/sys/unix"

	"kkachi/internal/cell"
)

// A direct writes many cells of one file at once, past the memory in which the system keeps
// files. The disk works on several at a time: that makes it about twice as fast as by single
// writes and a sync, which has to collect what they changed.
//
// It is Linux's io_submit on a file opened with O_DIRECT. That wants memory at even addresses,
// which stays where it is while the kernel reads it: so it is memory beside Go's, which holds
// the cells, what is asked for, and what came of it.
type direct struct {
	file *os.File
	ctx  uintptr // the kernel's name for this queue
	mem  []byte
	addr uintptr       // of mem
	free chan int      // places of mem that hold no cell
	dead chan struct{} // closed when nobody knows what the kernel does any more

	mu     sync.Mutex // guards all below
	flying [together]*write
	failed []*write // that the kernel didn't take
}

// Layout of mem: the cells, and for each a struct iocb, a pointer to it, and a struct io_event.
const (
	iocbSize  = 64
	eventSize = 32
	iocbsAt   = together * cell.Size
	ptrsAt    = iocbsAt + together*iocbSize
	eventsAt  = ptrsAt + together*8
	ctxAt     = eventsAt + together*eventSize
	memSize   = ctxAt + 8
	doWrite   = 1 // IOCB_CMD_PWRITE
)

// openDirect opens path once more to write it directly, or fails where file system, kernel or
// sandbox don't offer it.
func openDirect(path string) (*direct, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_DIRECT|quietly, 0)
	if err != nil {
		return nil, err
	}
	d := &direct{file: f}
	if d.mem, err = unix.Mmap(-1, 0, memSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d.addr = reflect.ValueOf(d.mem).Pointer()
	n, err := f.ReadAt(d.mem[:cell.Size], 0) // a disk may want larger pieces than cells
	clear(d.mem[:n])
	if err == nil {
		if _, _, no := unix.Syscall(unix.SYS_IO_SETUP, together, d.addr+ctxAt, 0); no != 0 {
			err = no
		}
	}
	if err != nil {
		return nil, errors.Join(err, unix.Munmap(d.mem), f.Close())
	}
	d.free, d.dead = make(chan int, together), make(chan struct{})
	for place := range together {
		d.free <- place
	}
	d.ctx = uintptr(binary.NativeEndian.Uint64(d.mem[ctxAt:]))
	return d, nil
}

// start is File's Start, as far as there are free places.
func (d *direct) start(ws []*write) int {
	var places [together]int
	select {
	case places[0] = <-d.free:
	case <-d.dead:
		return d.refuse(ws)
	}
	n := 1
	for ; n < min(len(ws), together) && len(d.free) > 0; n++ {
		places[n] = <-d.free // nobody else takes any
	}
	d.mu.Lock()
	for i, w := range ws[:n] {
		d.ask(i, places[i], w)
	}
	d.mu.Unlock()
	for next := 0; next < n; {
		taken, _, no := unix.Syscall(unix.SYS_IO_SUBMIT, d.ctx, uintptr(n-next), d.addr+ptrsAt+uintptr(next)*8)
		if no != 0 { // about the first of them
			d.fails(places[next], fmt.Errorf("io_submit: %w", no))
			taken = 1
		}
		next += int(taken)
	}
	clear(d.mem[ptrsAt : ptrsAt+n*8])
	return n
}

// ask writes down what is asked of the kernel as number i: that w be written, from a place. The
// caller holds mu.
func (d *direct) ask(i, place int, w *write) {
	d.flying[place] = w
	copy(d.cell(place), w.cell[:])
	iocb := d.iocb(place)
	binary.NativeEndian.PutUint64(iocb[0:], uint64(place))
	binary.NativeEndian.PutUint16(iocb[16:], doWrite)
	binary.NativeEndian.PutUint32(iocb[20:], uint32(d.file.Fd()))
	binary.NativeEndian.PutUint64(iocb[24:], uint64(d.addr)+uint64(place*cell.Size))
	binary.NativeEndian.PutUint64(iocb[32:], cell.Size)
	binary.NativeEndian.PutUint64(iocb[40:], uint64(w.slot)*cell.Size)
	binary.NativeEndian.PutUint64(d.mem[ptrsAt+i*8:], uint64(d.addr)+uint64(iocbsAt+place*iocbSize))
}

func (d *direct) cell(place int) []byte { return d.mem[place*cell.Size : (place+1)*cell.Size] }

func (d *direct) iocb(place int) []byte {
	return d.mem[iocbsAt+place*iocbSize : iocbsAt+(place+1)*iocbSize]
}

// fails keeps for done what the kernel didn't take.
func (d *direct) fails(place int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.lands(place)
	w.err = err
	d.failed = append(d.failed, w)
}

// lands frees a place with which the kernel is done. Neither the cell stays there nor in which slot
// it is. The caller holds mu.
func (d *direct) lands(place int) *write {
	w := d.flying[place]
	d.flying[place] = nil
	clear(d.cell(place))
	clear(d.iocb(place))
	d.free <- place // never blocks
	return w
}

// done is File's Done.
func (d *direct) done() ([]*write, error) {
	d.mu.Lock()
	ws := d.failed
	d.failed = nil
	d.mu.Unlock()
	if ws != nil {
		return ws, nil
	}
	var n uintptr
	for {
		var no unix.Errno
		if n, _, no = unix.Syscall6(unix.SYS_IO_GETEVENTS, d.ctx, 1, together, d.addr+eventsAt, 0, 0); no == unix.EINTR {
			continue
		} else if no != 0 {
			return d.all(), fmt.Errorf("io_getevents: %w", no)
		}
		break
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range int(n) {
		event := d.mem[eventsAt+i*eventSize : eventsAt+(i+1)*eventSize]
		w := d.lands(int(binary.NativeEndian.Uint64(event)))
		switch res := int64(binary.NativeEndian.Uint64(event[16:])); {
		case res < 0:
			w.err = unix.Errno(-res)
		case res < cell.Size:
			w.err = fmt.Errorf("only %d bytes of a cell were written", res)
		}
		clear(event)
		ws = append(ws, w)
	}
	return ws, nil
}

// refuse keeps writes for done that are not begun.
func (d *direct) refuse(ws []*write) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range ws {
		w.err = os.ErrClosed
	}
	d.failed = append(d.failed, ws...)
	return len(ws)
}

// all is what is under way, when nothing more may be. Its places stay taken: the kernel may still
// read them.
func (d *direct) all() []*write {
	select {
	case <-d.dead:
	default:
		close(d.dead)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var ws []*write
	for place, w := range d.flying {
		if w != nil {
			ws = append(ws, w)
			d.flying[place] = nil
		}
	}
	return ws
}

// Close waits for what the kernel still does.
func (d *direct) Close() error {
	var errs []error
	if _, _, no := unix.Syscall(unix.SYS_IO_DESTROY, d.ctx, 0, 0); no != 0 {
		errs = append(errs, no)
	}
	return errors.Join(append(errs, unix.Munmap(d.mem), d.file.Close())...)
}
