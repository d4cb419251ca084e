package label

import (
	"context"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/aigclabel/aigclabel/metadata"
)

// formMemory is how much of a form is kept in memory; larger parts are on disk.
const formMemory = 32 << 20

type reportsKey struct{}

// Reports returns the reports that [Verifier.Middleware] made of the files of a
// request, in the order of the form's field names and of the files in a field.
func Reports(ctx context.Context) []*Report {
	reports, _ := ctx.Value(reportsKey{}).([]*Report)
	return reports
}

// Middleware verifies the files of multipart/form-data requests before next
// handles them: next finds the reports with [Reports], and the files where it
// always does, in the request's MultipartForm. It lets every request through;
// what a verdict means is next's business. Bound the body in front of it with
// [http.MaxBytesHandler]. A form that cannot be read is answered with 400.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
			if err := r.ParseMultipartForm(formMemory); err != nil {
				http.Error(w, "unreadable form", http.StatusBadRequest)
				return
			}
			defer r.MultipartForm.RemoveAll()
			r = r.WithContext(context.WithValue(r.Context(), reportsKey{}, v.verifyForm(r)))
		}
		next.ServeHTTP(w, r)
	})
}

// verifyForm verifies the files of a parsed form.
func (v *Verifier) verifyForm(r *http.Request) []*Report {
	var reports []*Report
	for _, field := range slices.Sorted(maps.Keys(r.MultipartForm.File)) {
		for _, header := range r.MultipartForm.File[field] {
			reports = append(reports, v.verifyPart(r.Context(), header))
		}
	}
	return reports
}

func (v *Verifier) verifyPart(ctx context.Context, header *multipart.FileHeader) *Report {
	f, err := header.Open()
	if err != nil {
		return v.failed(header.Filename, err)
	}
	defer f.Close()
	report, _ := v.Verify(ctx, metadata.Source{R: f, Size: header.Size, Name: header.Filename}, nil) // its error is in the report
	return report
}
