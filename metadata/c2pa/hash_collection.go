package c2pa

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"github.com/aigclabel/aigclabel/internal/container"
)

// A collectionHash is c2pa.hash.collection.data: the hash of each file of an archive
// (C2PA 2.4, 18.8 and A.6).
type collectionHash struct {
	URIs      []hashedFile `cbor:"uris"`
	Alg       string       `cbor:"alg,omitempty"`
	Directory []byte       `cbor:"zip_central_directory_hash,omitempty"`
}

// A hashedFile is a file of a collection.
type hashedFile struct {
	URI  string `cbor:"uri"`
	Hash []byte `cbor:"hash"`
}

// storeEntry is where an archive has its manifest store (C2PA 2.4, A.6.3).
const storeEntry = "META-INF/content_credential.c2pa"

// collection verifies c2pa.hash.collection.data (C2PA 2.4, 15.12.5).
func (c *check) collection(assertion []byte) error {
	var d collectionHash
	if err := c.decode(assertion, &d); err != nil {
		return err
	}
	if err := c.checkURIs(d.URIs); err != nil {
		return err
	}
	alg, err := c.hash(d.Alg)
	if err != nil {
		return err
	}
	if c.carrier.binding != byCollection {
		return faultf(CollectionHashIncorrectCount, "files of a collection that is elsewhere")
	}
	entries, directory, err := container.ZIPEntries(c.source())
	if err != nil {
		return err
	}
	if before := unlisted(entries); before > 0 {
		return faultf(c.mismatch, "%d bytes before the first file are of none", before)
	}
	h := c.newHasher(alg)
	defer h.release()
	if err := c.files(h, d.URIs, entries); err != nil {
		return err
	}
	return c.directory(h, d.Directory, directory)
}

// unlisted returns how many bytes stand before the first entry of an archive. No hash
// covers them, nor do offsets tell: who reads an archive from its start would find
// other files there.
func unlisted(entries []container.ZIPEntry) int64 {
	if len(entries) == 0 {
		return 0
	}
	return entries[0].Offset
}

// source returns a source over the file that has spent nothing.
func (a *asset) source() *container.Source {
	return container.NewSource(a.src.ReaderAt(), a.src.Size(), a.src.Limits)
}

// checkURIs checks the list of files.
func (c *check) checkURIs(files []hashedFile) error {
	if len(files) == 0 {
		return faultf(c.malformed, "no uris")
	}
	for _, f := range files {
		if f.URI == "" || f.Hash == nil {
			return faultf(c.malformed, "a file without a uri or a hash")
		}
		if !localURI(f.URI) {
			return faultf(CollectionHashInvalidURI, "uri %.99q", f.URI)
		}
	}
	return nil
}

// localURI reports whether a URI stays where it is: relative, and without . and ..
// in its path.
func localURI(uri string) bool {
	path := uri
	if p, err := url.PathUnescape(uri); err == nil {
		path = p
	}
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return false
		}
	}
	scheme, _, found := strings.Cut(path, ":")
	return !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, `\`) && !(found && !strings.Contains(scheme, "/"))
}

// files compares the files of a list with the entries of an archive.
func (c *check) files(h *hasher, files []hashedFile, entries []container.ZIPEntry) error {
	byName := make(map[string][]byte, len(files))
	for _, f := range files {
		byName[f.URI] = f.Hash
	}
	if len(byName) != len(files) {
		return faultf(c.malformed, "a file is listed twice")
	}
	for _, f := range files {
		if name, err := url.PathUnescape(f.URI); err == nil && byName[name] == nil {
			byName[name] = f.Hash
		}
	}
	found := 0
	for i := range entries {
		e := &entries[i]
		if e.Name == storeEntry {
			continue
		}
		want, listed := byName[e.Name]
		if !listed {
			empty, err := c.emptyFolder(e)
			if err != nil {
				return err
			}
			if !empty {
				return faultf(CollectionHashIncorrectCount, "the file %.99q is not listed", e.Name)
			}
			continue
		}
		found++
		if err := c.file(h, e, want); err != nil {
			return err
		}
	}
	if found != len(files) {
		return faultf(CollectionHashIncorrectCount, "%d files of %d", found, len(files))
	}
	return nil
}

// file compares an entry. Some signers leave out the data descriptor.
func (c *check) file(h *hasher, e *container.ZIPEntry, want []byte) error {
	h.Reset()
	if err := h.add(e.Range); err != nil {
		return err
	}
	if bytes.Equal(h.Sum(nil), want) {
		return nil
	}
	if err := h.add(e.Descriptor); err != nil {
		return err
	}
	return c.compare(h, want, fmt.Sprintf("the file %.99q", e.Name))
}

// emptyFolder reports whether an entry is a folder without data: not a file.
func (a *asset) emptyFolder(e *container.ZIPEntry) (bool, error) {
	if !strings.HasSuffix(e.Name, "/") {
		return false, nil
	}
	const size = 30 // of a local header, without name and extra field
	var b [size]byte
	if n, err := a.src.ReaderAt().ReadAt(b[:], e.Offset); n < size {
		return false, unexpected(err)
	}
	head := size + int64(binary.LittleEndian.Uint16(b[26:])) + int64(binary.LittleEndian.Uint16(b[28:]))
	return e.Length == head, nil
}

// directory compares the central directory: without the checksum of the store, or,
// before C2PA 2.4, with it.
func (c *check) directory(h *hasher, want []byte, parts []container.Range) error {
	if want == nil {
		return faultf(c.mismatch, "no zip_central_directory_hash")
	}
	h.Reset()
	if err := h.add(parts...); err != nil {
		return err
	}
	if bytes.Equal(h.Sum(nil), want) {
		return nil
	}
	h.Reset()
	last := parts[len(parts)-1]
	if err := h.add(container.Range{Offset: parts[0].Offset, Length: last.Offset + last.Length - parts[0].Offset}); err != nil {
		return err
	}
	return c.compare(h, want, "the central directory")
}

// bindCollection returns c2pa.hash.collection.data over the file of a. Its length
// depends on the names of the entries. When open, its hashes are of nothing.
func bindCollection(a *asset, open bool) ([]byte, error) {
	entries, directory, err := container.ZIPEntries(a.source())
	if err != nil {
		return nil, err
	}
	if before := unlisted(entries); before > 0 {
		return nil, fmt.Errorf("c2pa: %d bytes before the first entry of the archive, which no hash covers", before)
	}
	h := a.newHasher(hashAlgorithms[defaultHash])
	defer h.release()
	sum := func(parts ...container.Range) []byte {
		h.Reset()
		if err == nil && !open {
			err = h.add(parts...)
		}
		return h.Sum(nil)
	}
	d := collectionHash{Alg: defaultHash}
	for _, e := range entries {
		if e.Name == storeEntry {
			continue
		}
		if !localURI(e.Name) {
			return nil, fmt.Errorf("c2pa: entry %.99q of the archive has no URI", e.Name)
		}
		d.URIs = append(d.URIs, hashedFile{e.Name, sum(e.Range, e.Descriptor)})
	}
	d.Directory = sum(directory...)
	if err != nil {
		return nil, err
	}
	return coseEncoder.Marshal(d)
}
