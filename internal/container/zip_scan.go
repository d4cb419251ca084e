package container

import (
	"bytes"
	"encoding/binary"
	"math"
)

// scan lists the entries by their local headers, up to where the file breaks
// off: for an archive whose directory is lost.
func (z *zipArchive) scan() error {
	for pos := int64(0); ; {
		e, err := z.scanEntry(pos)
		if err != nil || e == nil {
			return err
		}
		pos = e.data + e.packed
		if e.flags&zipDeferred != 0 {
			n, err := z.descriptorSize(e)
			if err != nil {
				return err
			}
			pos += n
		}
		z.entries = append(z.entries, *e)
	}
}

// scanEntry reads the entry at pos, nil if there is none.
func (z *zipArchive) scanEntry(pos int64) (*zipEntry, error) {
	if z.src.Size()-pos < zipLocalSize {
		return nil, nil
	}
	h, err := z.src.Peek(pos, zipLocalSize)
	if err != nil || string(h[:4]) != zipLocal {
		return nil, err
	}
	if err := z.src.Element(); err != nil {
		return nil, err
	}
	e := &zipEntry{
		flags:  binary.LittleEndian.Uint16(h[6:]),
		method: binary.LittleEndian.Uint16(h[8:]),
		crc:    binary.LittleEndian.Uint32(h[14:]),
		packed: int64(binary.LittleEndian.Uint32(h[18:])),
		size:   int64(binary.LittleEndian.Uint32(h[22:])),
		local:  pos,
		limit:  z.src.Size(),
	}
	n, extra := int64(binary.LittleEndian.Uint16(h[26:])), int64(binary.LittleEndian.Uint16(h[28:]))
	b, err := z.src.Bytes(pos+zipLocalSize, n+extra, "ZIP entry name")
	if err != nil {
		return nil, err
	}
	e.name, e.data = string(b[:n]), pos+zipLocalSize+n+extra
	if err := zip64Values(b[n:], &e.size, &e.packed); err != nil {
		return nil, &FormatError{Offset: pos, Err: err}
	}
	rest := z.src.Size() - e.data
	if e.flags&zipDeferred != 0 && e.packed == 0 {
		e.packed, e.size = rest, zipUnknown
		err = z.findDescriptor(e)
	}
	e.packed = min(e.packed, rest)
	return e, err
}

// findDescriptor finds the end of data whose size stands only in the descriptor
// behind it. Data that looks like one also has to state the right size.
func (z *zipArchive) findDescriptor(e *zipEntry) error {
	const window = 64 << 10
	size := z.src.Size()
	for pos := e.data; size-pos >= zipDescriptorSize; pos += window - zipDescriptorSize {
		b, err := z.src.Bytes(pos, min(window, size-pos), "ZIP entry of unknown size")
		if err != nil {
			return err
		}
		for i := 0; ; i++ {
			n := bytes.Index(b[i:], []byte(zipDescriptor))
			if n < 0 {
				break
			}
			i += n
			packed := pos + int64(i) - e.data
			if d, ok := parseZIPDescriptor(b[i:], packed); ok {
				e.crc, e.packed, e.size = d.crc, packed, d.size
				return nil
			}
		}
	}
	return nil
}

// descriptorSize returns the length of the data descriptor of an entry, 0 if
// there is none before what follows.
func (z *zipArchive) descriptorSize(e *zipEntry) (int64, error) {
	if e.flags&zipDeferred == 0 {
		return 0, nil
	}
	end := e.data + e.packed
	b, err := z.src.Peek(end, int(min(zipDescriptorSize, e.limit-end)))
	if err != nil {
		return 0, err
	}
	d, ok := parseZIPDescriptor(b, e.packed)
	if !ok || d.crc != e.crc || d.size != e.size {
		return 0, nil
	}
	return d.length, nil
}

type zipDescriptorFields struct {
	crc          uint32
	size, length int64
}

// parseZIPDescriptor parses the data descriptor of packed bytes of data: with
// or without its signature, of 32 or of 64 bits (4.3.9). What follows one of 32
// bits, of empty data, is the next record.
func parseZIPDescriptor(b []byte, packed int64) (d zipDescriptorFields, ok bool) {
	if rest, signed := bytes.CutPrefix(b, []byte(zipDescriptor)); signed {
		b = rest
		d.length = int64(len(zipDescriptor))
	}
	switch {
	case len(b) >= 20 && binary.LittleEndian.Uint64(b[4:]) == uint64(packed) && b[19] <= math.MaxInt8 && string(b[12:14]) != "PK":
		d.size = int64(binary.LittleEndian.Uint64(b[12:]))
		d.length += 20
	case len(b) >= 12 && int64(binary.LittleEndian.Uint32(b[4:])) == packed:
		d.size = int64(binary.LittleEndian.Uint32(b[8:]))
		d.length += 12
	default:
		return d, false
	}
	d.crc = binary.LittleEndian.Uint32(b)
	return d, true
}
