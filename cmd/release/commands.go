package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/release"
)

var commands = map[string]func([]string, io.Writer) error{
	"stage":   stage,
	"pack":    pack,
	"check":   check,
	"compare": compare,
	"flags":   flags,
	"extras":  extras,
	"notices": notices,
	"icons":   icons,
	"sizes":   sizes,
}

func newFlags(name string) *flag.FlagSet { return flag.NewFlagSet(name, flag.ContinueOnError) }

func print3(w io.Writer, id release.Identity) error {
	_, err := fmt.Fprintln(w, id.Publisher, id.Extension, id.Version)
	return err
}

func stage(args []string, w io.Writer) error {
	o := release.Options{Root: "."}
	f := newFlags("stage")
	f.StringVar(&o.Out, "out", "", "directory to fill")
	f.StringVar(&o.Page, "page", "", "directory of the built set-up page")
	f.StringVar(&o.Publisher, "publisher", "", "publisher in the Marketplace")
	f.StringVar(&o.Version, "version", "", "version, three numbers")
	f.BoolVar(&o.Dev, "dev", false, "other ids and names, to install beside the published extension")
	without := f.String("without", "", "choices of connectionType to leave out, separated by commas")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is not expected: --dev stands alone, and --without takes a list without spaces", f.Arg(0))
	}
	if *without != "" {
		o.Without = strings.Split(*without, ",")
	}
	id, err := release.Stage(o)
	if err != nil {
		return err
	}
	return print3(w, id)
}

func pack(args []string, _ io.Writer) error {
	f := newFlags("pack")
	tfx := f.String("tfx", "", "package made by tfx")
	bin := f.String("bin", "", "directory of the binaries")
	notices := f.String("notices", "", "third-party notices")
	out := f.String("out", "", "package to write")
	if err := f.Parse(args); err != nil {
		return err
	}
	return release.Pack(*tfx, *bin, *notices, *out)
}

func check(args []string, _ io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("want one file")
	}
	return release.Check(args[0])
}

func compare(args []string, _ io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("want two files")
	}
	return release.Compare(args[0], args[1])
}

func extras(args []string, _ io.Writer) error {
	f := newFlags("extras")
	bin := f.String("bin", "", "directory of the binaries")
	version := f.String("version", "", "version of the package")
	out := f.String("out", "", "directory to write to")
	if err := f.Parse(args); err != nil {
		return err
	}
	return release.WriteExtras(*bin, *version, *out)
}

func notices(args []string, _ io.Writer) error {
	f := newFlags("notices")
	bin := f.String("bin", "", "directory of the binaries")
	out := f.String("out", "", "file to write")
	if err := f.Parse(args); err != nil {
		return err
	}
	return release.WriteNotices(*bin, *out)
}

func icons(args []string, _ io.Writer) error {
	f := newFlags("icons")
	out := f.String("out", ".", "root of the checkout")
	if err := f.Parse(args); err != nil {
		return err
	}
	return release.WriteIcons(*out)
}

func sizes(args []string, w io.Writer) error {
	f := newFlags("sizes")
	bin := f.String("bin", "", "directory of the binaries")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return fmt.Errorf("want one package")
	}
	return release.WriteSizes(w, *bin, f.Arg(0))
}

func flags(args []string, w io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("want one package")
	}
	found, err := release.Flags(".", args[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, strings.Join(found, " "))
	return err
}
