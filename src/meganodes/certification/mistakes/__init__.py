"""The mistakes that backends of this family make again and again, and how each is recognised.

One module for each layer of a reply: HTTP, the text of the body, the envelope, `data`, and the
balance as a sum. All are pure; `certification.diagnosis` puts them together.
"""
