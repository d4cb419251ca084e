package container

import (
	"bytes"
	"encoding/binary"
)

const (
	cfbSignature  = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
	cfbEntrySize  = 128
	cfbMaxSectors = 64 // of a directory: an encrypted document needs a handful
)

// CFB reports whether a file is an encrypted Office document: a compound file
// (MS-CFB) with the stream EncryptedPackage (MS-OFFCRYPTO 2.3.2). A file that
// breaks off or cannot be read is none.
func CFB(src *Source) bool {
	h, err := src.Peek(0, 52)
	if err != nil || string(h[:8]) != cfbSignature {
		return false
	}
	shift, sector := binary.LittleEndian.Uint16(h[30:]), binary.LittleEndian.Uint32(h[48:])
	if shift != 9 && shift != 12 { // the sizes of versions 3 and 4
		return false
	}
	for range cfbMaxSectors {
		at := (int64(sector) + 1) << shift
		b, err := src.Bytes(at, 1<<shift, "CFB directory sector")
		if err != nil {
			return false
		}
		if cfbNames(b, "EncryptedPackage") {
			return true
		}
		if sector, err = src.cfbNext(sector, shift); err != nil {
			return false
		}
	}
	return false
}

// cfbNames reports whether a directory sector has an entry of this name.
func cfbNames(b []byte, name string) bool {
	want := appendUTF16(nil, name+"\x00", binary.LittleEndian)
	for ; len(b) >= cfbEntrySize; b = b[cfbEntrySize:] {
		if bytes.HasPrefix(b, want) {
			return true
		}
	}
	return false
}

// cfbNext returns the sector that follows in its chain. The header lists the
// first 109 sectors of the allocation table (2.5), which is enough for 6 MiB:
// writers put the directory near the head or the tail of it.
func (s *Source) cfbNext(sector uint32, shift uint16) (uint32, error) {
	perSector := uint32(1) << (shift - 2)
	table := sector / perSector
	if table >= 109 {
		return 0, errTruncated
	}
	b, err := s.Peek(76+4*int64(table), 4)
	if err != nil {
		return 0, err
	}
	at := (int64(binary.LittleEndian.Uint32(b))+1)<<shift + 4*int64(sector%perSector)
	if b, err = s.Peek(at, 4); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}
