"""From the bytes of an image file to upright sRGB pixels, whatever sent them. `model.images` is the way in.

`plain` says which files are decoded in this process; `helper` gives all others to a process of their own, `worker`.
Both decode by `picture`, with what each kind of file needs: `jpeg`, `dicom`, `primary` (which of several pictures),
`depth` (more than 8 bits of grey), `colour`. `limits` says what a file may be, and has the one error for all others.
"""
