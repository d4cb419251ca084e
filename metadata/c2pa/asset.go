package c2pa

import (
	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/metadata"
)

// A binding is how a format ties a manifest to the bytes of the file.
type binding int

const (
	byData       binding = iota + 1 // c2pa.hash.data: all bytes but some
	byBoxes                         // c2pa.hash.bmff: all boxes but some
	byCollection                    // c2pa.hash.collection.data: each entry of an archive
)

// A carrier is a format that can carry a manifest store.
type carrier struct {
	walk    container.Walk
	binding binding
}

// carriers are the formats with a place for a store (C2PA 2.2, Annex A), by the
// name that they have in package metadata.
var carriers = map[string]carrier{
	"jpeg": {container.JPEG, byData},
	"png":  {container.PNG, byData},
	"webp": {container.WebP, byData},
	"gif":  {container.GIF, byData},
	"tiff": {container.TIFF, byData},
	"svg":  {container.SVG, byData},
	"heic": {container.HEIF, byBoxes},
	"avif": {container.HEIF, byBoxes},
	"jxl":  {container.JXL, byData},
	"mp4":  {container.BMFF, byBoxes},
	"mov":  {container.BMFF, byBoxes},
	"m4a":  {container.BMFF, byBoxes},
	"mp3":  {container.MP3, byData},
	"flac": {container.FLAC, byData},
	"aac":  {container.AAC, byData},
	"wav":  {container.WAV, byData},
	"avi":  {container.AVI, byData},
	"pdf":  {container.PDF, byData},
	"docx": {container.OOXML, byCollection},
	"xlsx": {container.OOXML, byCollection},
	"pptx": {container.OOXML, byCollection},
	"odt":  {container.ODF, byCollection},
	"ods":  {container.ODF, byCollection},
	"odp":  {container.ODF, byCollection},
	"epub": {container.EPUB, byCollection},
	"html": {container.HTML, byData},

	"text":     {container.Plain, byData},
	"markdown": {container.Markdown, byData},
}

// An asset is an opened file, with the store that it carries.
type asset struct {
	src     *container.Source
	name    string // of the format
	mime    string // its media type
	carrier carrier
	file    container.File
	store   *container.Slot // the last one, nil if there is none
	beside  bool            // the manifests stand beside the file
	updated bool            // the hard binding is that of a manifest behind update manifests
	err     error           // what made the file unreadable during a check
}

// openAsset walks a file. The asset of a format that carries no store has no file.
func openAsset(src metadata.Source, limits metadata.Limits) (*asset, error) {
	format, err := metadata.Detect(src)
	if err != nil {
		return nil, err
	}
	a := &asset{
		src:  container.NewSource(src.R, src.Size, container.Limits(limits)),
		name: format.Name, mime: format.MIME[0], carrier: carriers[format.Name],
	}
	return a, a.walk()
}

// walk finds the store.
func (a *asset) walk() (err error) {
	if a.carrier.walk == nil {
		return nil
	}
	a.src.Whole = true // all of it is hashed anyway
	if a.file, err = a.carrier.walk(a.src); err != nil {
		return err
	}
	slots := a.file.Summary().Slots
	for i := range slots {
		if slots[i].Kind == container.C2PA {
			a.store = &slots[i]
		}
	}
	return nil
}
