// Package metadata is completed elsewhere; this file only lets label compile.
package metadata

// State is the Label of a record.
type State string

// The states.
const (
	Generated State = "1"
	Possible  State = "2"
	Suspected State = "3"
)
