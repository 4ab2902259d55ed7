//go:build js && wasm

// Command setup-page is the program inside the set-up page. The page's script starts it
// and calls its functions, each with one JSON document and for one JSON document.
package main

import (
	"encoding/json"
	"syscall/js"

	"github.com/assume-aws-role/assume-aws-role/pkg/setuppage"
)

func main() {
	js.Global().Call("setUpPage", map[string]any{
		"setUp":     function(setuppage.SetUp),
		"recognise": function(setuppage.Recognise),
		"diagnose":  function(setuppage.Diagnose),
	})
	select {} // the functions are called from now on
}

// function makes a function of the page's script. Its request is written by that script,
// so one that does not fit is a defect.
func function[Request, Answer any](f func(Request) Answer) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		var request Request
		if err := json.Unmarshal([]byte(args[0].String()), &request); err != nil {
			panic("setup-page: " + err.Error())
		}
		answer, err := json.Marshal(f(request))
		if err != nil {
			panic("setup-page: " + err.Error())
		}
		return string(answer)
	})
}
