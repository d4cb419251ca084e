package container

import (
	"bytes"
	"fmt"
	"slices"
)

// C2PA manifest stores in PDF (C2PA 2.4, A.4): an embedded file that the catalog
// lists among the associated files (AF) and in the name tree EmbeddedFiles.

const (
	pdfStoreName = "content_credential.c2pa"
	pdfStoreType = "application#2Fc2pa"
	pdfStoreRole = "C2PA_Manifest"
)

// manifests lists the C2PA manifest stores among the associated files of the
// document. c2pa.hash.data leaves out the data of the stream alone.
func (f *pdfFile) manifests() {
	for v := range f.direct(f.root.value.lookup("AF")).elements() {
		spec := f.direct(v)
		if f.src.Element() != nil || f.direct(spec.lookup("AFRelationship")).name() != pdfStoreRole {
			continue
		}
		o := f.resolve(f.direct(spec.lookup("EF")).lookup("F"))
		if o == nil || o.data == 0 {
			continue
		}
		f.note(f.manifest(v, o))
	}
}

// manifest lists the store in the stream o, which is the file v.
func (f *pdfFile) manifest(v pdfValue, o *pdfObject) (err error) {
	s := Slot{Kind: C2PA, Place: "PDF " + pdfStoreRole, Guide: f.vacant(C2PA)}
	var span Range
	switch {
	case f.Encrypted:
		s.Encoding = "encrypted"
		span, err = f.extent(o)
	case f.direct(o.value.lookup("Filter")) != nil:
		s.Value, span, s.Encoding, err = f.content(o, "C2PA store")
	default:
		span, err = f.extent(o)
	}
	if err != nil {
		return err
	}
	s.Ranges, s.Frame = []Range{span}, []Range{span}
	f.add(s, pdfPlace{object: o, file: v})
	return nil
}

// setStore gives a store to the stream of one that is there, as it is.
func (u *pdfUpdate) setStore(o *pdfObject, store []byte) {
	r := u.revise(o, "")
	if e, ok := r.text.entry("Params"); ok { // its size, checksum and dates
		r.splice(e.start, e.end, nil)
	}
	r.setStream(store)
	r.store = true
}

// addStore embeds a store.
func (u *pdfUpdate) addStore(store []byte) error {
	stream := &pdfRevised{num: u.next, text: pdfValue("<</Type/EmbeddedFile/Subtype/" + pdfStoreType + ">>"), store: true}
	stream.setStream(store)
	spec := &pdfRevised{num: u.next + 1}
	spec.text = fmt.Appendf(nil, "<</Type/Filespec/AFRelationship/%s/Subtype/%s/Desc(Content Credentials)/F(%[3]s)/UF(%[3]s)/EF<</F %[4]d 0 R/UF %[4]d 0 R>>>>",
		pdfStoreRole, pdfStoreType, pdfStoreName, stream.num)
	u.next += 2
	u.objects = append(u.objects, stream, spec)
	file := fmt.Appendf(nil, "%d 0 R", spec.num)
	if err := u.editFiles(func(all []pdfValue) []pdfValue { return append(all, file) }); err != nil {
		return err
	}
	return u.editNames(func(tree pdfValue) (pdfValue, error) {
		t := pdfNameTree{u: u, name: pdfStoreName, file: file}
		return t.insert(tree, 0)
	})
}

// removeStore removes a file from the catalog. Older revisions keep it.
func (u *pdfUpdate) removeStore(file pdfValue) error {
	err := u.editFiles(func(all []pdfValue) []pdfValue {
		return slices.DeleteFunc(all, func(v pdfValue) bool { return bytes.Equal(v, file) })
	})
	if err != nil || u.f.direct(u.f.root.value.lookup("Names")).lookup("EmbeddedFiles") == nil {
		return err
	}
	t := pdfNameTree{u: u, file: file}
	return u.editNames(func(tree pdfValue) (pdfValue, error) { return t.remove(tree, 0) })
}

// editFiles changes the list of associated files, which may be a file alone.
func (u *pdfUpdate) editFiles(change func([]pdfValue) []pdfValue) error {
	list := func(v pdfValue) (pdfValue, error) { return joinPDFArray(change(slices.Collect(v.elements()))), nil }
	return u.editCatalog("AF", func(v pdfValue) (pdfValue, error) {
		if u.f.direct(v).isArray() {
			return u.edit(v, list)
		}
		return list(v)
	})
}

// editCatalog changes an entry of the catalog.
func (u *pdfUpdate) editCatalog(key string, change func(pdfValue) (pdfValue, error)) error {
	root := u.revise(u.f.root, "Root")
	was := root.body().lookup(key)
	value, err := change(was)
	if err == nil && !bytes.Equal(value, was) {
		root.text, root.splices = root.body().with(key, value), nil
	}
	return err
}

// editNames changes the name tree of embedded files.
func (u *pdfUpdate) editNames(change func(pdfValue) (pdfValue, error)) error {
	return u.editCatalog("Names", func(v pdfValue) (pdfValue, error) {
		return u.edit(v, func(names pdfValue) (pdfValue, error) {
			if !names.isDict() {
				names = pdfValue("<<>>")
			}
			tree, err := u.edit(names.lookup("EmbeddedFiles"), change)
			return names.with("EmbeddedFiles", tree), err
		})
	})
}

// edit changes a value: where v is a reference, the object that it leads to.
func (u *pdfUpdate) edit(v pdfValue, change func(pdfValue) (pdfValue, error)) (pdfValue, error) {
	if _, _, ok := v.reference(); !ok {
		return change(v)
	}
	o := u.f.resolve(v)
	if o == nil {
		if err := u.unread(v); err != nil {
			return nil, err
		}
		return change(nil)
	}
	value := o.value
	if i := slices.IndexFunc(u.objects, func(r *pdfRevised) bool { return r.num == o.num }); i >= 0 {
		value = u.objects[i].body()
	}
	next, err := change(value)
	if err == nil && !bytes.Equal(next, value) {
		r := u.revise(o, "")
		r.text, r.splices = next, nil
	}
	return v, err
}
