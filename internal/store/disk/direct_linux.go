package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"reflect"

	"golang.org/x/sys/unix"

	"kkachi/internal/cell"
)

// A direct writes many cells of one file with one call, past the memory in which the system
// keeps files. The disk gets all of them at once and works on several at a time: that makes it
// about twice as fast as by single writes and a sync, which has to collect what they changed.
//
// It is Linux's io_submit on a file opened with O_DIRECT. That wants memory at even addresses,
// which stays where it is while the kernel reads it: so it is memory beside Go's, which holds
// the cells, what is asked for, and what came of it.
type direct struct {
	file *os.File
	ctx  uintptr // the kernel's name for this queue
	mem  []byte
	addr uintptr // of mem
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
	d.ctx = uintptr(binary.NativeEndian.Uint64(d.mem[ctxAt:]))
	return d, nil
}

// write writes at most `together` cells, each in another slot, and returns once all that the
// kernel has taken are done. An error is one after which nobody knows what it still does.
func (d *direct) write(ws []*write) error {
	for i, w := range ws {
		copy(d.mem[i*cell.Size:], w.cell[:])
		iocb := d.mem[iocbsAt+i*iocbSize : iocbsAt+(i+1)*iocbSize]
		clear(iocb)
		binary.NativeEndian.PutUint64(iocb[0:], uint64(i))
		binary.NativeEndian.PutUint16(iocb[16:], doWrite)
		binary.NativeEndian.PutUint32(iocb[20:], uint32(d.file.Fd()))
		binary.NativeEndian.PutUint64(iocb[24:], uint64(d.addr)+uint64(i*cell.Size))
		binary.NativeEndian.PutUint64(iocb[32:], cell.Size)
		binary.NativeEndian.PutUint64(iocb[40:], uint64(w.slot)*cell.Size)
		binary.NativeEndian.PutUint64(d.mem[ptrsAt+i*8:], uint64(d.addr)+uint64(iocbsAt+i*iocbSize))
	}
	taken := 0
	for next := 0; next < len(ws); {
		n, _, no := unix.Syscall(unix.SYS_IO_SUBMIT, d.ctx, uintptr(len(ws)-next), d.addr+ptrsAt+uintptr(next)*8)
		if no != 0 { // about the first of them
			ws[next].err = fmt.Errorf("io_submit: %w", no)
			next++
			continue
		}
		taken, next = taken+int(n), next+int(n)
	}
	for done := 0; done < taken; {
		n, _, no := unix.Syscall6(unix.SYS_IO_GETEVENTS, d.ctx, uintptr(taken-done), uintptr(taken-done), d.addr+eventsAt, 0, 0)
		switch {
		case no == unix.EINTR:
			continue
		case no != 0:
			return fmt.Errorf("io_getevents: %w", no)
		}
		for i := range int(n) {
			event := d.mem[eventsAt+i*eventSize:]
			w := ws[binary.NativeEndian.Uint64(event)]
			switch res := int64(binary.NativeEndian.Uint64(event[16:])); {
			case res < 0:
				w.err = unix.Errno(-res)
			case res < cell.Size:
				w.err = fmt.Errorf("only %d bytes of a cell were written", res)
			}
		}
		done += int(n)
	}
	// Neither the cells stay nor in which slots the last ones are. Not before the kernel is done with them.
	clear(d.mem[:len(ws)*cell.Size])
	clear(d.mem[iocbsAt:ctxAt])
	return nil
}

// Close waits for what the kernel still does.
func (d *direct) Close() error {
	var errs []error
	if _, _, no := unix.Syscall(unix.SYS_IO_DESTROY, d.ctx, 0, 0); no != 0 {
		errs = append(errs, no)
	}
	return errors.Join(append(errs, unix.Munmap(d.mem), d.file.Close())...)
}
