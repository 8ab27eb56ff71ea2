"""The figures of the chapters, a module for each: what draws them, their texts and their sliders.

A function takes what the chapter has computed and returns a figure with its caption, or sliders.
In a notebook `cnn_digits.confusion??` shows the code of one.
"""
