package container

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
)

// ZIP, APPNOTE 6.3.10: entries of a local header, data and perhaps a data
// descriptor, then the central directory that lists them, then its end record.
// Offsets count from the start of the archive, which a prefix moves (4.1.9).
//
// The central directory is what readers trust. An archive that lets them
// disagree is damaged: an entry that is read here and differs from its local
// header, entries that overlap, a wrong count.

const (
	zipLocal      = "PK\x03\x04"
	zipCentral    = "PK\x01\x02"
	zipEnd        = "PK\x05\x06"
	zip64End      = "PK\x06\x06"
	zip64Locator  = "PK\x06\x07"
	zipDescriptor = "PK\x07\x08"

	zipLocalSize      = 30 // of the records, without their variable fields
	zipCentralSize    = 46
	zipEndSize        = 22
	zip64EndSize      = 56
	zip64LocatorSize  = 20
	zipDescriptorSize = 24 // at most
	zipCentralCRC     = 16 // where it stands in a central header

	zipEncrypted = 1 << 0 // general purpose flags
	zipDeferred  = 1 << 3 // CRC and sizes stand in a data descriptor

	zipStored   = 0 // compression methods
	zipDeflated = 8

	zip64Extra = 1 // extra field

	zipUnknown = -1 // size of an entry without its descriptor
)

type zipArchive struct {
	*Layout
	src       *Source
	entries   []zipEntry // in the order of the file
	end       int64      // the end record
	end64     int64      // the ZIP64 end record, 0 for none
	directory Range
	bias      int64    // where offset 0 of the archive stands in the file
	lost      bool     // the directory is: entries are what a scan finds
	cost      spending // of all this
}

type zipEntry struct {
	name         string
	flags        uint16
	method       uint16
	crc          uint32
	packed, size int64  // in the file, and decompressed
	local        int64  // position of the local header
	data         int64  // position of the data, once located
	limit        int64  // where what follows starts
	header       int64  // position of the central header
	central      []byte // the central header, nil when the directory is lost
}

// openZIP reads the directory of an archive. When that is lost, the entries are
// those that a scan from the front finds, and the layout is damaged.
func openZIP(src *Source, l *Layout) (*zipArchive, error) {
	if src.zip == nil {
		z, err := src.archive()
		if err != nil {
			return nil, err
		}
		src.zip = z
	}
	z := *src.zip
	z.Layout, l.Damage, l.Limits = l, z.Damage, slices.Clone(z.Limits)
	return &z, nil
}

// archive returns what another source over the file has read of its directory, as if
// s had, or reads that.
func (s *Source) archive() (*zipArchive, error) {
	if seen := s.seen.zip; seen != nil && seen.src.Limits == s.Limits {
		z := *seen
		z.src = s
		s.spent = s.spent.plus(z.cost)
		return &z, nil
	}
	z, before := &zipArchive{Layout: &Layout{}, src: s}, s.spent
	if err := z.readEntries(); err != nil {
		return nil, err
	}
	z.cost = s.spent.minus(before)
	s.seen.zip = z
	return z, nil
}

func (z *zipArchive) readEntries() error {
	err := z.open()
	if err == nil {
		return nil
	}
	if err := z.fail(z.src.Size(), err); err != nil {
		return err
	}
	z.entries, z.lost = nil, true
	return z.fail(z.src.Size(), z.scan())
}

func (z *zipArchive) open() error {
	if err := z.findEnd(); err != nil {
		return err
	}
	if err := z.readEnd(); err != nil {
		return err
	}
	return z.checkOverlap()
}

// findEnd finds the end record: the last one in the file whose comment fits.
func (z *zipArchive) findEnd() error {
	size := z.src.Size()
	b, err := z.src.Tail(zipEndSize)
	if err != nil {
		return err
	}
	if len(b) < zipEndSize {
		return errTruncated
	}
	if string(b[:4]) == zipEnd && string(b[20:]) == "\x00\x00" {
		z.end = size - zipEndSize
		return nil
	}
	start := max(0, size-zipEndSize-math.MaxUint16)
	if b, err = z.src.Bytes(start, size-start, "ZIP archive comment"); err != nil {
		return err
	}
	cut := -1
	for i := len(b) - zipEndSize; i >= 0; i-- {
		if i = bytes.LastIndex(b[:i+4], []byte(zipEnd)); i < 0 {
			break
		}
		if int(binary.LittleEndian.Uint16(b[i+20:])) <= len(b)-i-zipEndSize {
			z.end = start + int64(i)
			return nil
		}
		cut = max(cut, i)
	}
	if cut < 0 {
		return &FormatError{Offset: size, Err: errors.New("no ZIP end of central directory")}
	}
	z.end = start + int64(cut)
	z.damage(z.end, "ZIP archive comment: %w", errTruncated)
	return nil
}

// readEnd reads the end records and the directory that they point at.
func (z *zipArchive) readEnd() error {
	b, err := z.src.Peek(z.end, zipEndSize)
	if err != nil {
		return err
	}
	if string(b[4:8]) != "\x00\x00\x00\x00" && string(b[4:8]) != "\xff\xff\xff\xff" {
		return &FormatError{Offset: z.end, Err: errors.New("ZIP archive in several volumes")}
	}
	count := uint64(binary.LittleEndian.Uint16(b[10:]))
	size := int64(binary.LittleEndian.Uint32(b[12:]))
	offset := int64(binary.LittleEndian.Uint32(b[16:]))
	limit := z.end
	if count == math.MaxUint16 || size == math.MaxUint32 || offset == math.MaxUint32 {
		b, err := z.readEnd64()
		if err != nil {
			return err
		}
		if b != nil {
			count = binary.LittleEndian.Uint64(b[32:])
			size = int64(binary.LittleEndian.Uint64(b[40:]))
			offset = int64(binary.LittleEndian.Uint64(b[48:]))
			limit = z.end64
		}
	}
	if size < 0 || offset < 0 || size > limit || offset > limit-size {
		return &FormatError{Offset: z.end, Err: errors.New("ZIP directory outside the file")}
	}
	if err := z.locateDirectory(offset, size, limit); err != nil {
		return err
	}
	return z.readDirectory(count)
}

// readEnd64 returns the ZIP64 end record, nil if there is none.
func (z *zipArchive) readEnd64() ([]byte, error) {
	at := z.end - zip64LocatorSize
	if at < zip64EndSize {
		return nil, nil
	}
	b, err := z.src.Peek(at, zip64LocatorSize)
	if err != nil || string(b[:4]) != zip64Locator {
		return nil, err
	}
	// A prefix moves the record, but seldom parts it from its locator.
	for _, pos := range []uint64{binary.LittleEndian.Uint64(b[8:]), uint64(at - zip64EndSize)} {
		if pos > uint64(at-zip64EndSize) {
			continue
		}
		if b, err = z.src.Peek(int64(pos), zip64EndSize); err != nil {
			return nil, err
		}
		if string(b[:4]) == zip64End {
			z.end64 = int64(pos)
			return b, nil
		}
	}
	return nil, &FormatError{Offset: at, Err: errors.New("no ZIP64 end of central directory")}
}

// locateDirectory finds the directory where it is said to be, else, behind a
// prefix that its offset does not count, straight before the end records.
func (z *zipArchive) locateDirectory(offset, size, limit int64) error {
	z.directory = Range{limit - size, size}
	if size >= zipCentralSize {
		b, err := z.src.Peek(offset, len(zipCentral))
		if err != nil {
			return err
		}
		if string(b) == zipCentral {
			z.directory.Offset = offset
		}
	}
	z.bias = z.directory.Offset - offset
	return nil
}

func (z *zipArchive) readDirectory(count uint64) error {
	b, err := z.src.Bytes(z.directory.Offset, z.directory.Length, "ZIP directory")
	if err != nil {
		return err
	}
	pos := z.directory.Offset
	z.entries = make([]zipEntry, 0, min(count, uint64(len(b)/zipCentralSize)))
	for len(b) >= 4 && string(b[:4]) == zipCentral { // a digital signature may follow
		if err := z.src.Element(); err != nil {
			return err
		}
		e, err := parseZIPEntry(b)
		if err != nil {
			return &FormatError{Offset: pos, Err: err}
		}
		e.header = pos
		e.local += z.bias
		z.entries = append(z.entries, e)
		pos += int64(len(e.central))
		b = b[len(e.central):]
	}
	if uint16(len(z.entries)) != uint16(count) { // writers without ZIP64 let it wrap
		return &FormatError{Offset: pos, Err: fmt.Errorf("%d entries in the ZIP directory of %d", len(z.entries), count)}
	}
	return nil
}

// parseZIPEntry parses the central header at the start of b.
func parseZIPEntry(b []byte) (zipEntry, error) {
	if len(b) < zipCentralSize {
		return zipEntry{}, errTruncated
	}
	name := zipCentralSize + int(binary.LittleEndian.Uint16(b[28:]))
	extra := name + int(binary.LittleEndian.Uint16(b[30:]))
	end := extra + int(binary.LittleEndian.Uint16(b[32:]))
	if end > len(b) {
		return zipEntry{}, errTruncated
	}
	e := zipEntry{
		name:    string(b[zipCentralSize:name]),
		flags:   binary.LittleEndian.Uint16(b[8:]),
		method:  binary.LittleEndian.Uint16(b[10:]),
		crc:     binary.LittleEndian.Uint32(b[16:]),
		packed:  int64(binary.LittleEndian.Uint32(b[20:])),
		size:    int64(binary.LittleEndian.Uint32(b[24:])),
		local:   int64(binary.LittleEndian.Uint32(b[42:])),
		central: b[:end:end],
	}
	return e, zip64Values(b[name:extra], &e.size, &e.packed, &e.local)
}

// zip64Values replaces the values that are all ones by those of the ZIP64 extra
// field, which holds these alone, in this order (4.5.3).
func zip64Values(extra []byte, values ...*int64) error {
	i, n := zipExtraField(extra, zip64Extra)
	if i < 0 {
		return nil
	}
	b := extra[i+4 : i+n]
	for _, v := range values {
		if *v != math.MaxUint32 {
			continue
		}
		if len(b) < 8 || b[7] > math.MaxInt8 {
			return errors.New("malformed ZIP64 extra field")
		}
		*v = int64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	return nil
}

// zipExtraField returns where the extra field of this id stands, and its
// length with its header; -1 if there is none.
func zipExtraField(extra []byte, id uint16) (i, n int) {
	for i+4 <= len(extra) {
		n = 4 + int(binary.LittleEndian.Uint16(extra[i+2:]))
		if n > len(extra)-i {
			break
		}
		if binary.LittleEndian.Uint16(extra[i:]) == id {
			return i, n
		}
		i += n
	}
	return -1, 0
}

// checkOverlap sorts the entries by position. Those that overlap make a small
// file expand without end, and cannot be edited apart.
func (z *zipArchive) checkOverlap() error {
	slices.SortStableFunc(z.entries, func(a, b zipEntry) int { return cmp.Compare(a.local, b.local) })
	limit := z.directory.Offset
	for i := len(z.entries) - 1; i >= 0; i-- {
		e := &z.entries[i]
		room := limit - e.local - zipLocalSize - int64(len(e.name))
		if e.local < 0 || e.local > limit || e.packed > room {
			return &FormatError{Offset: e.header, Err: fmt.Errorf("ZIP entry %.99q overlaps what follows", e.name)}
		}
		e.limit, limit = limit, e.local
	}
	return nil
}

// find returns the first entry of this name, nil if there is none. Names ignore
// case, as in the packages that are built on ZIP.
func (z *zipArchive) find(name string) *zipEntry {
	i := slices.IndexFunc(z.entries, func(e zipEntry) bool { return strings.EqualFold(e.name, name) })
	if i < 0 {
		return nil
	}
	return &z.entries[i]
}

// locate finds the data of an entry, and compares its two headers.
func (z *zipArchive) locate(e *zipEntry) error {
	h, err := z.src.Peek(e.local, zipLocalSize)
	if err != nil {
		return err
	}
	if string(h[:4]) != zipLocal {
		return &FormatError{Offset: e.local, Err: errors.New("no ZIP local header")}
	}
	n, extra := int64(binary.LittleEndian.Uint16(h[26:])), int64(binary.LittleEndian.Uint16(h[28:]))
	e.data = e.local + zipLocalSize + n + extra
	if e.central == nil {
		return nil
	}
	same := e.sameHeader(h)
	name, err := z.src.Bytes(e.local+zipLocalSize, n, "ZIP entry name")
	if err != nil {
		return err
	}
	if !same || string(name) != e.name {
		z.damage(e.local, "local header of ZIP entry %.99q differs from the directory", e.name)
	}
	if e.data > e.limit || e.packed > e.limit-e.data { // the local extra field may be longer
		return &FormatError{Offset: e.local, Err: fmt.Errorf("ZIP entry %.99q overlaps what follows", e.name)}
	}
	return nil
}

// sameHeader reports whether the local header h says of the data what the
// directory says. Either of them may defer to a data descriptor.
func (e *zipEntry) sameHeader(h []byte) bool {
	flags := binary.LittleEndian.Uint16(h[6:])
	e.flags |= flags & zipDeferred
	packed := int64(binary.LittleEndian.Uint32(h[18:]))
	return flags&zipEncrypted == e.flags&zipEncrypted &&
		binary.LittleEndian.Uint16(h[8:]) == e.method &&
		(e.flags&zipDeferred != 0 || binary.LittleEndian.Uint32(h[14:]) == e.crc && (packed == e.packed || packed == math.MaxUint32))
}

// read returns the content of an entry of at most limit bytes, as much as there
// is of a damaged one, and "" when it is encrypted.
func (z *zipArchive) read(e *zipEntry, limit int64) (string, error) {
	if e.flags&zipEncrypted != 0 {
		z.Encrypted = true
		return "", nil
	}
	if err := z.locate(e); err != nil {
		return "", err
	}
	size := e.size
	if size == zipUnknown {
		size = limit
	}
	if size > limit {
		return "", &LimitError{What: fmt.Sprintf("ZIP entry %.99q", e.name), Limit: limit}
	}
	b, err := z.src.Bytes(e.data, e.packed, "ZIP entry")
	if err != nil {
		return "", err
	}
	switch e.method {
	case zipStored:
		b = b[:min(int64(len(b)), size)]
	case zipDeflated:
		block := edgeBlocks.Get().(*[2 * edgeSize]byte)
		defer edgeBlocks.Put(block)
		b, err = z.src.Deflated(b, size, "ZIP entry", block[:])
	default:
		b, err = nil, fmt.Errorf("compression method %d", e.method)
	}
	if _, ok := errors.AsType[*LimitError](err); ok {
		return "", err
	}
	if err == nil && (int64(len(b)) != e.size || crc32.ChecksumIEEE(b) != e.crc) {
		err = errors.New("wrong checksum")
	}
	if err != nil {
		z.damage(e.data, "ZIP entry %.99q: %w", e.name, err)
	}
	return string(b), nil
}
