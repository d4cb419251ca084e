package container

import "github.com/aigclabel/aigclabel/internal/splice"

// A riffTag is a chunk that holds an ID3v2 tag.
type riffTag struct {
	riffChunk
	tag *id3Tag
}

// readTag lists the slots of the tag in a chunk, nil if there is none.
func (r *riff) readTag(l *Layout, c riffChunk, guide bool) (*riffTag, error) {
	tag, err := l.readID3(r.src, c.data(), c.data()+c.size, guide)
	if tag == nil {
		return nil, err
	}
	return &riffTag{c, tag}, err
}

// plan returns the edits that make the changes to the slots of the tag. A chunk
// whose tag goes is no use.
func (t *riffTag) plan(l *Layout, changes []Change) ([]splice.Edit, error) {
	return t.grow(l, changes, nil)
}

// grow is plan for a tag that also gets more values.
func (t *riffTag) grow(l *Layout, changes, additions []Change) ([]splice.Edit, error) {
	edits, err := t.tag.plan(l, changes, additions)
	if len(edits) == 0 || err != nil {
		return nil, err
	}
	delta := growth(edits...)
	if delta == -t.tag.Length {
		return []splice.Edit{{Offset: t.offset, Delete: t.length}}, nil
	}
	size, err := t.resize(delta)
	return append(edits, size...), err
}
