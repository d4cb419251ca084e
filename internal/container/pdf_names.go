package container

import (
	"bytes"
	"fmt"
	"slices"
)

// joinPDFArray returns an array.
func joinPDFArray(elements []pdfValue) pdfValue {
	b := []byte("[")
	for i, v := range elements {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, v...)
	}
	return append(b, ']')
}

// sameReference reports whether both values refer to the same object.
func sameReference(v, w pdfValue) bool {
	num, _, ok := v.reference()
	other, _, both := w.reference()
	return ok && both && num == other
}

// A pdfNameTree is an edit of a name tree, ISO 32000-2 clause 7.9.6: leaves have pairs
// of names and values, in order, other nodes have kids; all but the root tell the
// least and the greatest of their names.
type pdfNameTree struct {
	u    *pdfUpdate
	name string
	file pdfValue
}

// maxPDFKids bounds the kids of a node. Writers give one some dozens.
const maxPDFKids = 4096

var errPDFKids = &LimitError{What: "kids of a node of a PDF name tree", Limit: maxPDFKids}

// node returns what a node has, its names or its kids, and in which entry.
func (t *pdfNameTree) node(tree pdfValue, depth int64) (node, list pdfValue, key string, err error) {
	if depth >= t.u.f.src.Depth {
		return nil, nil, "", &LimitError{What: "depth of a PDF name tree", Limit: depth}
	}
	if !tree.isDict() {
		tree = pdfValue("<<>>")
	}
	if kids := tree.lookup("Kids"); kids != nil {
		return tree, kids, "Kids", nil
	}
	return tree, tree.lookup("Names"), "Names", nil
}

// insert puts the file into a node.
func (t *pdfNameTree) insert(tree pdfValue, depth int64) (pdfValue, error) {
	tree, list, key, err := t.node(tree, depth)
	if err != nil {
		return nil, err
	}
	change := t.insertPair
	if key == "Kids" {
		change = func(kids pdfValue) (pdfValue, error) { return t.insertKid(kids, depth+1) }
	}
	if list, err = t.u.edit(list, change); err != nil {
		return nil, err
	}
	return t.limits(tree.with(key, list)), nil
}

// insertPair puts the file into the names of a leaf, under a name that is free.
func (t *pdfNameTree) insertPair(list pdfValue) (pdfValue, error) {
	pairs := slices.Collect(list.elements())
	at := 0
	for at+1 < len(pairs) {
		switch c := bytes.Compare(pairs[at].bytes(), []byte(t.name)); {
		case c == 0:
			t.name += "_"
			fallthrough
		case c < 0:
			at += 2
			continue
		}
		break
	}
	return joinPDFArray(slices.Insert(pairs, at, fmt.Appendf(nil, "(%s)", t.name), t.file)), nil
}

// insertKid puts the file into one of the kids: the last that starts before it.
func (t *pdfNameTree) insertKid(list pdfValue, depth int64) (pdfValue, error) {
	var kid pdfValue
	at, i := 0, 0
	for v := range list.elements() {
		if i == maxPDFKids {
			return nil, errPDFKids
		}
		least, _ := t.limitsOf(t.u.f.direct(v))
		if i > 0 && bytes.Compare(least.bytes(), []byte(t.name)) > 0 {
			break
		}
		at, kid, i = i, v, i+1
	}
	next, err := t.u.edit(kid, func(node pdfValue) (pdfValue, error) { return t.insert(node, depth) })
	return list.withElement(at, kid, next), err
}

// withElement returns an array with another element in place of the one at index i.
func (v pdfValue) withElement(i int, was, next pdfValue) pdfValue {
	if bytes.Equal(was, next) {
		return v
	}
	all := slices.Collect(v.elements())
	return joinPDFArray(slices.Replace(all, i, min(i+1, len(all)), next))
}

// limitsOf returns the least and the greatest name of a node, nil if it says none.
func (t *pdfNameTree) limitsOf(node pdfValue) (least, greatest pdfValue) {
	i := 0
	for v := range t.u.f.direct(node.lookup("Limits")).elements() {
		if i++; i == 1 {
			least = v
		} else if greatest = v; i == 2 {
			break
		}
	}
	return least, greatest
}

// limits returns a node whose limits, if it has any, include the name.
func (t *pdfNameTree) limits(node pdfValue) pdfValue {
	least, greatest := t.limitsOf(node)
	if greatest == nil {
		return node
	}
	name := fmt.Appendf(nil, "(%s)", t.name)
	if bytes.Compare([]byte(t.name), least.bytes()) < 0 {
		least = name
	}
	if bytes.Compare([]byte(t.name), greatest.bytes()) > 0 {
		greatest = name
	}
	return node.with("Limits", joinPDFArray([]pdfValue{least, greatest}))
}

// remove removes the file from a node and the nodes under it.
func (t *pdfNameTree) remove(tree pdfValue, depth int64) (pdfValue, error) {
	tree, list, key, err := t.node(tree, depth)
	if err != nil {
		return nil, err
	}
	change := t.removePair
	if key == "Kids" {
		change = func(kids pdfValue) (pdfValue, error) { return t.removeKid(kids, depth+1) }
	}
	next, err := t.u.edit(list, change)
	if err != nil || bytes.Equal(next, list) {
		return tree, err
	}
	return tree.with(key, next), nil
}

// removePair removes the file from the names of a leaf.
func (t *pdfNameTree) removePair(list pdfValue) (pdfValue, error) {
	pairs := slices.Collect(list.elements())
	for i := 1; i < len(pairs); i += 2 {
		if sameReference(pairs[i], t.file) {
			return joinPDFArray(slices.Delete(pairs, i-1, i+1)), nil
		}
	}
	return list, nil
}

// removeKid removes the file from all kids.
func (t *pdfNameTree) removeKid(list pdfValue, depth int64) (pdfValue, error) {
	var kids []pdfValue
	changed := false
	for kid := range list.elements() {
		if len(kids) == maxPDFKids {
			return nil, errPDFKids
		}
		next, err := t.u.edit(kid, func(node pdfValue) (pdfValue, error) { return t.remove(node, depth) })
		if err != nil {
			return nil, err
		}
		changed = changed || !bytes.Equal(kid, next)
		kids = append(kids, next)
	}
	if !changed {
		return list, nil
	}
	return joinPDFArray(kids), nil
}
