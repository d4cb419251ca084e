package container

import "cmp"

// A ZIPEntry is a file of a ZIP archive: the bytes of its local header and of its
// data as they are stored.
type ZIPEntry struct {
	Name string // as in the central directory, with a slash at the end for a folder
	Range

	// Descriptor is the data descriptor behind it, of length 0 for none. C2PA leaves
	// it out of the hash of a file (C2PA 2.4, A.6.2.1); some signers do not.
	Descriptor Range
}

// ZIPEntries returns the entries of an archive in the order of the file, and its
// central directory up to the end of the file, but for the checksum of the manifest
// store: that is what zip_central_directory_hash covers (C2PA 2.4, A.6.2.2), and what
// is known before the store is. A directory that is lost, or does not agree with
// the local headers, is a *[FormatError]; more than the limits of src allow is a
// *[LimitError].
func ZIPEntries(src *Source) (entries []ZIPEntry, directory []Range, err error) {
	var l Layout
	z, err := openZIP(src, &l)
	if err = cmp.Or(err, l.Damage); err != nil {
		return nil, nil, err
	}
	w := zipEdit{zipArchive: z}
	rest := Range{z.directory.Offset, src.Size() - z.directory.Offset}
	for i := range z.entries {
		e := &z.entries[i]
		end, err := w.entryEnd(e)
		if err != nil {
			return nil, nil, err
		}
		data := e.data + e.packed
		entries = append(entries, ZIPEntry{Name: e.name, Range: Range{e.local, data - e.local}, Descriptor: Range{data, end - data}})
		if crc := e.header + zipCentralCRC; e.name == c2paEntry && crc > rest.Offset {
			directory = append(directory, Range{rest.Offset, crc - rest.Offset})
			rest = Range{crc + 4, rest.end() - crc - 4}
		}
	}
	return entries, append(directory, rest), nil
}
