//! Whole documents, clicked through as a person would.

mod change_email;
mod criteria;
mod demo;
mod django_admin;
mod document_000;
mod document_001;
mod document_002;
mod document_003;
mod document_004;
mod dokuwiki;
mod drawn;
mod frames;
mod manners;
mod merging;
mod radicale;
mod shared_host;
mod steps;
mod strict_cookies;
mod two_people;
mod under_way;
