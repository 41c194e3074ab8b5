"""The web page, made with Gradio: its tabs and the HTML in them."""
