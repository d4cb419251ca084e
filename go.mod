module github.com/aigclabel/aigclabel

go 1.26.0

require (
	github.com/google/uuid v1.6.0
	go.yaml.in/yaml/v3 v3.0.6
	golang.org/x/image v0.47.0
	golang.org/x/text v0.43.0
)

require golang.org/x/sys v0.49.0 // indirect

require github.com/stretchr/testify v1.12.1 // tests
