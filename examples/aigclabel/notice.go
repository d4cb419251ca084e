package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/label"
)

// noticeFlags are what -visible puts into the content, and where.
type noticeFlags struct {
	visible bool
	notice  label.Notice
}

func (n *noticeFlags) register(flags *flag.FlagSet) {
	languages := strings.Join(label.Languages(), ", ")
	flags.BoolVar(&n.visible, "visible", false, "also put a notice that people see or hear into the content")
	flags.StringVar(&n.notice.Language, "lang", "zh-Hans", "`language` of the notice: "+languages+"; several with +")
	flags.StringVar(&n.notice.Text, "text", "", "the notice in `words` of your own, which name AI and the generation: 豆包AI生成")
	choice(flags, "position", "where in text, sound and pages", &n.notice.Position, "start", "end", "both")
	choice(flags, "corner", "where in pictures", &n.notice.Corner, "bottom-right", "bottom-left", "top-right", "top-left", "bottom", "top", "left", "right")
	choice(flags, "style", "how pictures carry it", &n.notice.Style, "mark", "banner", "tiled")
	choice(flags, "sound", "what is heard", &n.notice.Sound, "rhythm", "speech")
	flags.BoolVar(&n.notice.Mix, "mix", false, "lay what is heard over the sound, not before or behind it")
	flags.BoolVar(&n.notice.EachPage, "each-page", false, "on every page or slide, not only the first")
	flags.DurationVar(&n.notice.Duration, "duration", 0, "how `long` in video, at least 2s (the default); -1s is all the time")
}

// choice registers a flag with a name for each of the values from 0 on.
func choice[T ~int](flags *flag.FlagSet, name, usage string, to *T, names ...string) {
	usage = fmt.Sprintf("%s: %s (default %s)", usage, strings.Join(names, ", "), names[0])
	flags.Func(name, usage, func(s string) error {
		i := slices.Index(names, s)
		if i < 0 {
			return fmt.Errorf("take one of %s", strings.Join(names, ", "))
		}
		*to = T(i)
		return nil
	})
}

// chosen returns the notice that is asked for, nil if none is.
func (n *noticeFlags) chosen() (*label.Notice, error) {
	unknown := func(tag string) bool { return !slices.Contains(label.Languages(), tag) }
	if slices.ContainsFunc(strings.Split(n.notice.Language, "+"), unknown) {
		return nil, usageError("no wording in the language %q: take one of %s, or label without -visible and show a notice of your own",
			n.notice.Language, strings.Join(label.Languages(), ", "))
	}
	if n.notice.Duration < 0 {
		n.notice.Duration = label.WholeLength
	}
	if !n.visible {
		return nil, nil
	}
	return &n.notice, nil
}
