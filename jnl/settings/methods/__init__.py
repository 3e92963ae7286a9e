"""The published settings of the methods. The file of a method has its name and holds one `METHOD`."""
