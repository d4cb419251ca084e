package container

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachOOXML writes each fixture and its labelled copy into a folder, and calls
// test with both paths.
func eachOOXML(t *testing.T, formats []string, test func(t *testing.T, before, after string)) {
	dir := t.TempDir()
	for _, format := range formats {
		for name, b := range fixtures(t, format) {
			before, after := filepath.Join(dir, name), filepath.Join(dir, "labelled-"+name)
			require.NoError(t, os.WriteFile(before, b, 0o600))
			require.NoError(t, os.WriteFile(after, put(t, OOXML, b, Record, someRecord), 0o600))
			t.Run(name, func(t *testing.T) { test(t, before, after) })
		}
	}
}

func TestOOXMLUnzip(t *testing.T) {
	unzip := tool(t, "unzip")
	eachOOXML(t, ooxmlFormats, func(t *testing.T, _, after string) {
		require.Contains(t, run(t, unzip, "-tq", after), "No errors detected")
	})
}

// TestOOXMLMIME asks libmagic, by which upload services tell types.
func TestOOXMLMIME(t *testing.T) {
	file := tool(t, "file")
	eachOOXML(t, ooxmlFormats, func(t *testing.T, before, after string) {
		require.Equal(t, run(t, file, "-b", "--mime-type", before), run(t, file, "-b", "--mime-type", after))
	})
}

func TestOOXMLExifTool(t *testing.T) {
	args, dir := []string{"-j", "-Warning", "-AIGC", "-Client", "-Application", "-Title", "-Creator"}, t.TempDir()
	for _, format := range ooxmlFormats {
		for name, b := range fixtures(t, format) {
			for copy, b := range map[string][]byte{name: b, "labelled-" + name: put(t, OOXML, b, Record, someRecord)} {
				args = append(args, filepath.Join(dir, copy))
				require.NoError(t, os.WriteFile(args[len(args)-1], b, 0o600))
			}
		}
	}
	out := run(t, tool(t, "exiftool"), args...)
	if strings.Contains(out, "Archive::Zip") && os.Getenv("CI") != "true" {
		t.Skip("exiftool needs Archive::Zip")
	}
	var files []map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &files))
	tags := map[string]map[string]any{} // by file name
	for _, f := range files {
		tags[filepath.Base(fmt.Sprint(f["SourceFile"]))] = f
	}
	for name, after := range tags {
		if name, labelled := strings.CutPrefix(name, "labelled-"); labelled {
			require.JSONEq(t, string(someRecord), fmt.Sprint(after["AIGC"]), name)
			for _, tag := range []string{"Client", "Application", "Title", "Creator"} {
				require.Equal(t, tags[name][tag], after[tag], "%s of %s", tag, name)
			}
		}
	}
	require.NotEmpty(t, tags)
}

const pythonReadsAll = `
import sys, zipfile, xml.etree.ElementTree as ET
before, after = (zipfile.ZipFile(p) for p in sys.argv[1:])
assert after.testzip() is None
for name in before.namelist():
    if name not in ("[Content_Types].xml", "_rels/.rels", "docProps/custom.xml"):
        assert before.read(name) == after.read(name), name
        assert before.getinfo(name).date_time == after.getinfo(name).date_time, name
ns = "{http://schemas.openxmlformats.org/officeDocument/2006/%s}"
for p in ET.fromstring(after.read("docProps/custom.xml")).findall(ns % "custom-properties" + "property"):
    if p.get("name") == "AIGC":
        print(p.find(ns % "docPropsVTypes" + "lpwstr").text)
`

func TestOOXMLPythonZIP(t *testing.T) {
	python := python(t, "zipfile")
	eachOOXML(t, ooxmlFormats, func(t *testing.T, before, after string) {
		require.Equal(t, string(someRecord)+"\n", run(t, python, "-c", pythonReadsAll, before, after))
	})
}

const pythonDocx = `
import sys, docx
d = docx.Document(sys.argv[1])
print([p.text for p in d.paragraphs], d.core_properties.title)
for rel in d.part.package.rels.values():
    if rel.reltype.endswith("/custom-properties"):
        print(rel.target_part.partname, rel.target_part.content_type, b"AIGC" in rel.target_part.blob)
`

func TestOOXMLPythonDocx(t *testing.T) {
	python := python(t, "docx")
	eachOOXML(t, []string{"docx"}, func(t *testing.T, before, after string) {
		if strings.HasSuffix(before, ".dotx") || strings.HasSuffix(before, ".docm") {
			t.Skip("python-docx opens documents only")
		}
		want, _, _ := strings.Cut(run(t, python, "-c", pythonDocx, before), "\n")
		require.Equal(t, want+"\n/docProps/custom.xml application/vnd.openxmlformats-officedocument.custom-properties+xml True\n",
			run(t, python, "-c", pythonDocx, after))
	})
}

const pythonXlsx = `
import sys, openpyxl
w = openpyxl.load_workbook(sys.argv[1])
print([[c.value for c in row] for s in w for row in s.rows], w.properties.title, w.properties.creator)
`

func TestOOXMLOpenpyxl(t *testing.T) {
	python := python(t, "openpyxl")
	eachOOXML(t, []string{"xlsx"}, func(t *testing.T, before, after string) {
		require.Equal(t, run(t, python, "-c", pythonXlsx, before), run(t, python, "-c", pythonXlsx, after))
	})
}

// TestOOXMLLibreOffice converts labelled files: their text is the same, and the
// property survives that LibreOffice writes the document anew.
func TestOOXMLLibreOffice(t *testing.T) {
	soffice, pdftotext, dir := tool(t, "soffice"), tool(t, "pdftotext"), t.TempDir()
	doc, slides := fixtures(t, "docx")["custom.docx"], fixtures(t, "pptx")["custom.pptx"]
	for name, b := range map[string][]byte{
		"a.docx": doc, "b.docx": put(t, OOXML, doc, Record, someRecord),
		"a.pptx": slides, "b.pptx": put(t, OOXML, slides, Record, someRecord),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	convert := func(to, a, b string) {
		profile := "-env:UserInstallation=file://" + filepath.ToSlash(dir) + "/profile"
		run(t, soffice, profile, "--headless", "--convert-to", to, "--outdir", dir, filepath.Join(dir, a), filepath.Join(dir, b))
	}
	convert("pdf", "a.docx", "b.docx")
	text := run(t, pdftotext, filepath.Join(dir, "a.pdf"), "-")
	require.NotEmpty(t, strings.TrimSpace(text))
	require.Equal(t, text, run(t, pdftotext, filepath.Join(dir, "b.pdf"), "-"))

	convert("potx", "a.pptx", "b.pptx")
	again, err := os.ReadFile(filepath.Join(dir, "b.potx"))
	require.NoError(t, err)
	slot := guide(walk(t, OOXML, again), Record)
	require.NotNil(t, slot, "LibreOffice dropped the property")
	require.Equal(t, string(someRecord), string(slot.Value))
}
